//! Which order lines fall under a contract (§4, `feeds` and `scope`).

/// By whose word lines count, and of what and where they must be. Without a limit everything does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Cover {
    /// Names of the platforms' feeds.
    pub feeds: Option<Vec<String>>,
    /// Products, as the feeds name them; on the ledger by GTIN.
    pub products: Option<Vec<String>>,
    /// Posts, streams or accounts through which the line was sold.
    pub contents: Option<Vec<String>>,
}

impl Cover {
    /// Whether a line of this feed, product and content falls under the contract. What a line does not state is covered
    /// only where the contract does not ask.
    pub fn covers(&self, feed: &str, product: Option<&str>, content: Option<&str>) -> bool {
        admits(self.feeds.as_deref(), Some(feed))
            && admits(self.products.as_deref(), product)
            && admits(self.contents.as_deref(), content)
    }
}

fn admits(allowed: Option<&[String]>, name: Option<&str>) -> bool {
    allowed.is_none_or(|allowed| name.is_some_and(|name| allowed.iter().any(|known| known == name)))
}
