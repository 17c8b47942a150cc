//! Words of the CBV in their one short spelling.

/// The ways in which a word of a CBV vocabulary is written in full (CBV 2.0 §7, and §9 of version 1.2).
const STARTS: [&str; 18] = [
    "https://ref.gs1.org/cbv/BizStep-",
    "https://ref.gs1.org/cbv/Disp-",
    "https://ref.gs1.org/cbv/BTT-",
    "https://ref.gs1.org/cbv/SDT-",
    "https://ref.gs1.org/cbv/ER-",
    "https://ref.gs1.org/cbv/Comp-",
    "https://gs1.org/voc/",
    "https://www.gs1.org/voc/",
    "urn:epcglobal:cbv:bizstep:",
    "urn:epcglobal:cbv:disp:",
    "urn:epcglobal:cbv:btt:",
    "urn:epcglobal:cbv:sdt:",
    "urn:epcglobal:cbv:er:",
    "cbv:BizStep-",
    "cbv:Disp-",
    "cbv:BTT-",
    "cbv:SDT-",
    "gs1:",
];

/// The bare word, where the text is a word in full; otherwise the text.
pub fn bare(text: &str) -> &str {
    STARTS.iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text)
}
