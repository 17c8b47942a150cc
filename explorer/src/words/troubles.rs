//! Words for what goes wrong, by the code of the problem.

use super::Words;

/// What a problem is called, what it means, and what can be done about it. Chinese stands first.
struct Trouble {
    code: &'static str,
    title: [&'static str; 2],
    detail: [&'static str; 2],
    hint: [&'static str; 2],
}

/// What a page says of a problem.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    pub title: &'static str,
    pub detail: &'static str,
    pub hint: &'static str,
}

const TROUBLES: &[Trouble] = &[
    Trouble {
        code: "E-BLOCK-UNKNOWN",
        title: ["没有这个区块", "No such block"],
        detail: ["账本还没有这个高度的区块。", "The ledger has no block of this height yet."],
        hint: ["核对高度，或从首页查找。", "Check the height, or search from the home page."],
    },
    Trouble {
        code: "E-NODE-FAULT",
        title: ["节点出错", "The node failed"],
        detail: ["此次请求未能完成，原因已写入节点的日志。", "The request was not answered; the node's log says why."],
        hint: ["稍后再试，或到其他节点查看。", "Try again later, or look at another node."],
    },
    Trouble {
        code: "E-NODE-STOPPING",
        title: ["节点正在停止", "The node is stopping"],
        detail: ["此次请求未能完成。", "The request was not answered."],
        hint: ["稍后再试，或到其他节点查看。", "Try again later, or look at another node."],
    },
    Trouble {
        code: "E-NODE-UNREADY",
        title: ["节点尚未就绪", "The node is not ready"],
        detail: ["账本还没有可供证明的区块。", "The ledger has no block yet to prove anything by."],
        hint: ["稍后再试。", "Try again later."],
    },
    Trouble {
        code: "E-NOT-FOUND",
        title: ["没有这个页面", "No such page"],
        detail: ["此地址没有内容。", "There is nothing at this address."],
        hint: ["核对地址，或从首页查找。", "Check the address, or search from the home page."],
    },
    Trouble {
        code: "E-PATH",
        title: ["这个写法不对", "This is malformed"],
        detail: ["地址中有一段无法识别。", "A part of the address cannot be read."],
        hint: ["与标签对照，或重新扫描。", "Compare it with the label, or scan it again."],
    },
    Trouble {
        code: "E-QUERY",
        title: ["参数有误", "A parameter is malformed"],
        detail: ["地址中有一个参数无法识别。", "A parameter of the address cannot be read."],
        hint: ["核对之后再试。", "Check it and try again."],
    },
    Trouble {
        code: "E-RECORD-UNKNOWN",
        title: ["没有这条记录", "No such record"],
        detail: ["此节点没有这个标识的记录。", "This node holds no record of this id."],
        hint: ["核对 64 位十六进制标识。", "Check the 64 hex digits of the id."],
    },
    Trouble {
        code: NOT_ADMITTED,
        title: ["通行文件无效", "This pass is not good"],
        detail: [
            "请求所附的通行文件已过期、不属于此节点，或其密钥无权读取。",
            "The pass that came with the request has expired, is for another node, or its key may not read.",
        ],
        hint: ["重新登录，或用 hefu access 另签一份。", "Sign in again, or make another with `hefu access`."],
    },
    Trouble {
        code: NO_LINK,
        title: ["没有这类链接", "No link of this type"],
        detail: [
            "对于此码，账本没有所要的这类链接。",
            "Of this code, the ledger has no link of the type that was asked for.",
        ],
        hint: ["不指明链接类型，再打开一次。", "Open the code without a link type."],
    },
    Trouble {
        code: NO_SERIAL,
        title: ["此码只标明品类", "This code names a kind of item only"],
        detail: [
            "码中没有序列号，账本无从得知它指的是哪一件。",
            "It has no serial number, so the ledger cannot tell which item it means.",
        ],
        hint: ["请扫描带序列号的码。", "Scan the code that has a serial number."],
    },
    Trouble {
        code: NOTHING_FOUND,
        title: ["没有找到", "Nothing found"],
        detail: ["没有相符的高度、哈希、GTIN、序列号或企业。", "No height, hash, GTIN, serial or company matches."],
        hint: ["哈希至少输入前 8 位；序列号须完整。", "Enter at least 8 digits of a hash, or a whole serial number."],
    },
];

/// A code without a serial number; no problem of the API.
pub(crate) const NO_LINK: &str = "no-link";

pub(crate) const NO_SERIAL: &str = "no-serial";

/// A request with an access document that is not good; the API says what is wrong with it.
pub(crate) const NOT_ADMITTED: &str = "not-admitted";

/// A search without results; no problem of the API.
pub(crate) const NOTHING_FOUND: &str = "nothing-found";

/// What a page says of a problem; of one that it has no words for, what it says of a fault.
pub(crate) fn tell(code: &str, words: &Words) -> Told {
    let find = |code: &str| TROUBLES.iter().find(|trouble| trouble.code == code);
    let found = find(code).or_else(|| find("E-NODE-FAULT"));
    let pick = |text: [&'static str; 2]| {
        let [zh, en] = text;
        words.pick(zh, en)
    };
    found.map_or(Told { title: "", detail: "", hint: "" }, |trouble| Told {
        title: pick(trouble.title),
        detail: pick(trouble.detail),
        hint: pick(trouble.hint),
    })
}
