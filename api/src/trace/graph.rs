//! A trace as a picture: a column for each step, lines for what led where.

use std::collections::BTreeMap;

use super::{
    reach::Relation,
    view::{TraceKind, TraceThingView, TraceView},
};

/// Most things in a picture: more cannot be told apart. The table and the document have them all.
pub(super) const PICTURED_MAX: usize = 200;

/// Wide enough for an identifier of 34 characters, however wide they are.
const BOX_WIDTH: usize = 270;
const BOX_HEIGHT: usize = 52;
const COLUMN: usize = 360;
const LINE: usize = 70;
const MARGIN: usize = 24;

/// A language of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Zh(pub bool);

impl Zh {
    fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        if self.0 { zh } else { en }
    }
}

/// The picture, which needs neither styles nor scripts.
pub(super) fn of(view: &TraceView, zh: Zh) -> String {
    let pictured = view.things.get(..PICTURED_MAX).unwrap_or(&view.things);
    let mut places: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut heights: BTreeMap<u32, usize> = BTreeMap::new();
    for thing in pictured {
        let line = heights.entry(thing.depth).or_default();
        let column = usize::try_from(thing.depth).unwrap_or(0);
        let (x, y) = (column.saturating_mul(COLUMN), line.saturating_mul(LINE));
        places.insert(&thing.row, (x.saturating_add(MARGIN), y.saturating_add(MARGIN)));
        *line = line.saturating_add(1);
    }
    let columns = heights.keys().last().map_or(1, |last| usize::try_from(*last).unwrap_or(0).saturating_add(1));
    let lines = heights.values().copied().max().unwrap_or(1);
    let width = columns.saturating_mul(COLUMN).saturating_add(MARGIN);
    let hidden: u64 = view.withheld.iter().map(|withheld| withheld.count).sum();
    let height = lines.saturating_mul(LINE).saturating_add(MARGIN.saturating_mul(3));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" role=\"img\"><title>{}</title>\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>",
        text(&view.subject, usize::MAX)
    );
    for link in &view.links {
        let (Some(from), Some(to)) = (places.get(link.from.as_str()), places.get(link.to.as_str())) else { continue };
        line(&mut svg, *from, *to, said(link.relation, zh));
    }
    for thing in pictured {
        if let Some(at) = places.get(thing.row.as_str()) {
            draw(&mut svg, thing, *at, zh);
        }
    }
    let left = view.things.len().saturating_sub(pictured.len());
    let mut notes = Vec::new();
    if hidden > 0 {
        notes.push(format!("{hidden} {}", zh.pick("件的码只对相关企业公开", "more, whose codes are for others")));
    }
    if view.truncated || left > 0 {
        notes.push(zh.pick("图中未尽，表格中更全", "more than the picture shows; the table has more").to_owned());
    }
    let y = height.saturating_sub(MARGIN);
    svg.push_str(&format!(
        "<text x=\"{MARGIN}\" y=\"{y}\" fill=\"#555\">{}</text></svg>",
        text(&notes.join(" · "), usize::MAX)
    ));
    svg
}

const fn said(relation: Relation, zh: Zh) -> &'static str {
    let (chinese, english) = match relation {
        Relation::Consumed => ("投入", "used in"),
        Relation::Produced => ("产出", "made"),
        Relation::Inside => ("装入", "inside"),
        Relation::Fixed => ("装配于", "fixed to"),
        Relation::Member => ("属于", "of the kind"),
        Relation::Made => ("制造", "made here"),
    };
    if zh.0 { chinese } else { english }
}

/// From the middle of one side to the middle of the other, as the columns stand.
fn line(svg: &mut String, from: (usize, usize), to: (usize, usize), said: &str) {
    let half = BOX_HEIGHT / 2;
    let out = |(x, y): (usize, usize), right: bool| {
        (if right { x.saturating_add(BOX_WIDTH) } else { x }, y.saturating_add(half))
    };
    let (start, end) = match from.0.cmp(&to.0) {
        std::cmp::Ordering::Less => (out(from, true), out(to, false)),
        std::cmp::Ordering::Greater => (out(from, false), out(to, true)),
        std::cmp::Ordering::Equal => (out(from, true), out(to, true)),
    };
    let ((x1, y1), (x2, y2)) = (start, end);
    let (x, y) = (x1.midpoint(x2), y1.midpoint(y2).saturating_sub(4));
    svg.push_str(&format!(
        "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"#8a8f98\"/>\
         <circle cx=\"{x2}\" cy=\"{y2}\" r=\"3\" fill=\"#8a8f98\"/>\
         <text x=\"{x}\" y=\"{y}\" fill=\"#555\" font-size=\"11\" text-anchor=\"middle\">{said}</text>"
    ));
}

fn draw(svg: &mut String, thing: &TraceThingView, (x, y): (usize, usize), zh: Zh) {
    let (fill, stroke) = match (thing.recalls.is_empty(), thing.kind) {
        (false, _) => ("#fdecea", "#b3261e"),
        (true, TraceKind::Transformation) => ("#eef3f8", "#41607f"),
        (true, TraceKind::Container) => ("#f6f1e5", "#806526"),
        (true, TraceKind::Item | TraceKind::Lot | TraceKind::Site | TraceKind::Thing) => ("#eef6ef", "#2f6b3c"),
    };
    let name = thing.product.as_ref().map(|product| if zh.0 { &product.name.zh } else { &product.name.en });
    let kind = match thing.kind {
        TraceKind::Item => zh.pick("单品", "item"),
        TraceKind::Lot => zh.pick("批次", "lot"),
        TraceKind::Container => zh.pick("容器", "container"),
        TraceKind::Site => zh.pick("场所", "site"),
        TraceKind::Thing => zh.pick("物品", "thing"),
        TraceKind::Transformation => zh.pick("加工", "transformation"),
    };
    let title = name.map_or(kind, String::as_str);
    let id = match thing.kind {
        TraceKind::Transformation => thing.began.as_ref().map(|mark| mark.by.id.clone()).unwrap_or_default(),
        TraceKind::Item | TraceKind::Lot | TraceKind::Container | TraceKind::Site | TraceKind::Thing => {
            thing.row.split_once('/').map_or_else(String::new, |(_, id)| id.to_owned())
        }
    };
    let (above, below) = (y.saturating_add(21), y.saturating_add(40));
    let inner = x.saturating_add(10);
    svg.push_str(&format!(
        "<g><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BOX_WIDTH}\" height=\"{BOX_HEIGHT}\" rx=\"6\" fill=\"{fill}\" \
         stroke=\"{stroke}\"/><text x=\"{inner}\" y=\"{above}\" fill=\"#111\">{}</text>\
         <text x=\"{inner}\" y=\"{below}\" fill=\"#444\" font-size=\"11\">{}</text></g>",
        text(&thing.id, usize::MAX),
        text(title, 28),
        text(&id, 34),
    ));
}

/// A text as it stands in XML, its middle left out where it is too long.
fn text(text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    let shown: String = if chars.len() > most {
        let (head, tail) = (most.saturating_sub(9), chars.len().saturating_sub(8));
        let kept = |part: Option<&[char]>| part.unwrap_or_default().iter().collect::<String>();
        format!("{}…{}", kept(chars.get(..head)), kept(chars.get(tail..)))
    } else {
        text.to_owned()
    };
    let printable = shown.chars().filter(|c| !c.is_control());
    let mut escaped = String::with_capacity(shown.len());
    for c in printable {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
