//! What becomes of the tiny set: seven order lines under five contracts, from the parcel to what every creator is paid.
//! One line is refunded while its commission is held, one after it was paid out.
//!
//! The platform's facts lie in the month before last and the month after it, so that both are over, hold included, when
//! the chain begins, and two statements of each contract can be issued.

use hefu_contracts::{
    action::Action,
    agreements::{ATTRIBUTION, CODES, FeedPut, HoldRelease, PeriodClose, StatementIssue, order},
    catalogue::{ProductKind, ProductPut},
    gs1::Epc,
    parties::Name,
    time::Time,
};
use hefu_keys::canonical;
use serde_json::{Value, json};

use super::{
    Sight,
    calendar::{Month, ZONE_MIN},
    cast::{self, Cast, Sellers},
    events::{at, with},
    founding::{GIFT_SET, RDC, REFILL, SET, TradeItem},
    teller::Teller,
};
use crate::client::Content;

/// The platform's feed of the brand's shop.
const FEED: &str = "douyin:corenest";

/// The set in a sleeve, of which one is sold.
const GIFT: TradeItem = (GIFT_SET, ProductKind::Kit, "Moon rabbit gift set", "月兔联名套装");

/// A contract: its id, the creator, its only component, and the trade items that it is about, where not all.
type Contract = (&'static str, &'static str, Pay, Option<&'static [&'static str]>);

/// What a creator gets.
#[derive(Clone, Copy, Debug)]
enum Pay {
    /// So many millionths of each line.
    PerLine(u32),
    /// So many millionths of all lines of a month, rounded once.
    OfAll(u32),
}

const CONTRACTS: [Contract; 5] = [
    ("K1", "adu", Pay::PerLine(80_000), None),
    ("K2", "xiaoman", Pay::PerLine(100_000), None),
    ("K4", "may", Pay::PerLine(150_000), None),
    ("K1-CO", "adu", Pay::OfAll(15_000), Some(&[SET, REFILL, GIFT_SET])),
    ("K4-ROYALTY", "may", Pay::PerLine(10_000), Some(&[GIFT_SET])),
];

/// An order line: its number, the trade item, what was paid in fen, by the positions of bottle and refill what was
/// sent, and which share of it, in millionths, falls under which contract.
struct Sale {
    order: &'static str,
    product: &'static str,
    amount: u32,
    bottle: Option<usize>,
    refill: usize,
    shares: &'static [(&'static str, u32)],
}

const WHOLE: u32 = 1_000_000;

const SALES: [Sale; 7] = [
    sale("T1", SET, 8_900, (Some(0), 0), &[("K1", WHOLE), ("K1-CO", WHOLE)]),
    sale("T2", REFILL, 4_500, (None, 1), &[("K1", WHOLE), ("K1-CO", WHOLE)]),
    sale("T3", SET, 8_900, (Some(1), 2), &[("K1", 600_000), ("K1-CO", WHOLE), ("K2", 400_000)]),
    sale("T4", SET, 8_900, (Some(2), 3), &[("K1-CO", WHOLE), ("K4", WHOLE)]),
    sale("T5", GIFT_SET, 16_900, (Some(3), 4), &[("K1-CO", WHOLE), ("K4-ROYALTY", WHOLE)]),
    sale("T6", SET, 8_900, (Some(4), 5), &[("K1-CO", WHOLE), ("K2", WHOLE)]),
    sale("T7", REFILL, 4_500, (None, 6), &[("K1-CO", WHOLE), ("K4", WHOLE)]),
];

const fn sale(
    order: &'static str,
    product: &'static str,
    amount: u32,
    (bottle, refill): (Option<usize>, usize),
    shares: &'static [(&'static str, u32)],
) -> Sale {
    Sale { order, product, amount, bottle, refill, shares }
}

impl Sale {
    /// All of it, as facts of what was paid and what was refunded say it.
    fn whole(&self) -> Value {
        json!({"parts": {"goods": self.amount.to_string()}, "units": "1"})
    }
}

/// Refunded while its commission is held.
const SOON: &Sale = &SALES[5];

/// Refunded after its commission was paid.
const LATE: &Sale = &SALES[6];

/// What is paid out of the first statements, in fen.
const PAID_OUT: [(&str, &str, u32); 5] = [
    ("K1", "adu", 1_499),
    ("K1-CO", "adu", 789),
    ("K2", "xiaoman", 356),
    ("K4", "may", 2_010),
    ("K4-ROYALTY", "may", 169),
];

/// Everybody who sells, what is sold, and when.
struct Shop<'a> {
    cast: &'a Cast,
    sellers: Sellers,
    teller: &'a mut Teller,
    bottles: &'a [Epc],
    refills: &'a [Epc],
    /// The month of the sales.
    month: Month,
    /// The month after it.
    next: Month,
}

/// Sells what came in the box; `months` are that of the sales and the one after it.
pub(super) fn tell(
    cast: &Cast,
    teller: &mut Teller,
    (bottles, refills, container): (&[Epc], &[Epc], &Epc),
    (month, next): (Month, Month),
) -> anyhow::Result<()> {
    let mut shop = Shop { cast, sellers: Sellers::new()?, teller, bottles, refills, month, next };
    shop.agree()?;
    shop.sell(container)?;
    shop.refund("a set comes back within its hold", SOON, shop.month.at(24, 15, 0)?)?;
    shop.settle()?;
    shop.pay_out()?;
    shop.refund("a refill comes back after it was paid for", LATE, shop.next.at(25, 15, 0)?)?;
    shop.state(shop.next)
}

impl Shop<'_> {
    /// Creators and the platform join, and everybody signs.
    fn agree(&mut self) -> anyhow::Result<()> {
        let brand = &self.cast.corenest.admin;
        self.teller.chapter("creators and a platform join");
        for seller in self.sellers.all() {
            self.teller.tell(&[brand, &seller.admin], Action::PartyAdd, &seller.party)?;
        }
        let (gtin, kind, en, zh) = GIFT;
        let name = Name { en: en.to_owned(), zh: zh.to_owned() };
        let product = ProductPut { gtin: gtin.parse()?, kind, links: Vec::new(), name, version: 1 };
        self.teller.tell(&[brand], Action::ProductPut, &product)?;

        self.teller.chapter("the platform declares its feed");
        let platform = &self.sellers.douyin.admin;
        let feed = FeedPut { feed: FEED.to_owned(), key: platform.address() };
        self.teller.tell(&[platform], Action::FeedPut, &feed)?;

        self.teller.chapter("contracts are signed");
        for (contract, creator, pay, products) in CONTRACTS {
            let component = match pay {
                Pay::PerLine(ppm) => json!({"id": "comm", "kind": "per_line", "ppm": ppm.to_string()}),
                Pay::OfAll(ppm) => json!({
                    "id": "co", "kind": "tiered", "metric": "net_base", "mode": "marginal", "steps": [["0", ppm.to_string()]],
                }),
            };
            // What is reckoned by the month waits for its end; a hold from then on would reach beyond the story's.
            let hold_days = if matches!(pay, Pay::OfAll(_)) { "0" } else { "15" };
            let products = products.map_or_else(|| json!("any"), |products| json!(products));
            let terms = json!({
                "base": {"goods": "1"}, "clawback_limit": "5000000", "components": [component], "contract_id": contract,
                "currency": "CNY", "decrease_notice_days": "30", "dispute_days": "30",
                "effective_from": self.month.at(1, 0, 0)?, "feeds": [FEED], "hold_days": hold_days, "min_payout": "1",
                "obligor": self.cast.corenest.party.id, "period": "month",
                "required_signers": [self.cast.corenest.party.id, creator],
                "scope": {"contents": "any", "products": products}, "split": [[creator, "1"]],
                "tz_offset_min": ZONE_MIN.to_string(), "version": "1",
            });
            let creator = self.sellers.admin(creator)?;
            self.teller.tell(&[brand, creator], Action::AgreementSign, &json!({"terms": terms}))?;
        }
        Ok(())
    }

    /// Orders are paid, leave with the codes that came in the box, and arrive.
    fn sell(&mut self, container: &Epc) -> anyhow::Result<()> {
        self.teller.chapter("the box is opened");
        let loose = SALES.iter().filter(|sale| sale.bottle.is_none()).filter_map(|sale| self.refills.get(sale.refill));
        let children: Vec<&Epc> = self.bottles.iter().chain(loose).collect();
        let parts = json!({"childEPCs": children, "parentID": container, "type": "AggregationEvent"});
        self.seen(self.month.at(13, 9, 0)?, ("DELETE", "unpacking", "in_progress"), with(at(RDC), parts))?;

        self.teller.chapter("orders are paid");
        for (minute, sale) in (0_u8..).zip(&SALES) {
            let paid_at = self.month.at(14, 20, minute)?;
            let paid = json!({"createdAt": paid_at, "currency": "CNY", "product": sale.product});
            let fact = with(with(self.line(sale)?, sale.whole()), paid);
            let share = |(contract, share): &(&str, u32)| canonical::to_string(&json!([contract, share.to_string()]));
            let shares = sale.shares.iter().map(share).collect::<Result<_, _>>()?;
            self.report(paid_at, &json!({"paid": fact}), (ATTRIBUTION, shares))?;
        }

        self.teller.chapter("customers get their parcels");
        // A refill goes with the bottle that it is in.
        let sent: Vec<&Epc> = SALES.iter().filter_map(|sale| self.outermost(sale)).collect();
        self.seen(self.month.at(15, 10, 0)?, ("OBSERVE", "retail_selling", "retail_sold"), json!({"epcList": sent}))?;
        for sale in &SALES {
            let fact = json!({"shipped": self.line(sale)?});
            self.report(self.month.at(15, 11, 0)?, &fact, (CODES, self.codes(sale)))?;
        }
        self.teller.chapter("parcels arrive");
        for sale in &SALES {
            let fact = json!({"received": self.line(sale)?});
            self.report(self.month.at(18, 12, 0)?, &fact, (CODES, Vec::new()))?;
        }
        Ok(())
    }

    /// What a customer sends back is seen at the warehouse, and then the platform refunds it.
    fn refund(&mut self, title: &'static str, sale: &Sale, moment: Time) -> anyhow::Result<()> {
        self.teller.chapter(title);
        let codes = self.codes(sale);
        self.seen(moment, ("OBSERVE", "accepting", "returned"), with(at(RDC), json!({"epcList": codes})))?;
        self.teller.chapter("what came back is refunded");
        let fact = json!({"refunded": with(self.line(sale)?, sale.whole())});
        self.report(moment, &fact, (CODES, codes))
    }

    /// The month ends: what is reckoned by it is closed, what waited out its hold is released, everybody gets a statement.
    fn settle(&mut self) -> anyhow::Result<()> {
        let creator = self.sellers.admin("adu")?;
        self.teller.chapter("the month is closed");
        for (contract, ..) in CONTRACTS.iter().filter(|(_, _, pay, _)| matches!(pay, Pay::OfAll(_))) {
            let body = PeriodClose { contract: (*contract).to_owned() };
            self.teller.tell(&[creator], Action::PeriodClose, &body)?;
        }
        self.teller.chapter("holds end");
        for (contract, _, pay, _) in CONTRACTS {
            let units = match pay {
                Pay::OfAll(_) => vec![format!("comp:co@{}", self.month.name())],
                Pay::PerLine(_) => {
                    let shared = SALES.iter().filter(|sale| sale.shares.iter().any(|(with, _)| *with == contract));
                    let unit = |sale: &Sale| Ok(format!("line:douyin/{}/1:comm", order_name(sale, self.month)?));
                    shared.map(unit).collect::<anyhow::Result<_>>()?
                }
            };
            let body = HoldRelease { contract: contract.to_owned(), units };
            self.teller.tell(&[creator], Action::HoldRelease, &body)?;
        }
        self.state(self.month)
    }

    fn state(&mut self, month: Month) -> anyhow::Result<()> {
        self.teller.chapter("statements are issued");
        for (contract, ..) in CONTRACTS {
            let body = StatementIssue { contract: contract.to_owned(), period: Some(month.name()) };
            self.teller.tell(&[&self.cast.corenest.admin], Action::StatementIssue, &body)?;
        }
        Ok(())
    }

    /// The brand pays, and each creator confirms that it arrived.
    fn pay_out(&mut self) -> anyhow::Result<()> {
        let (brand, batch) = (&self.cast.corenest.admin, format!("{}-20", self.next.name()));
        self.teller.chapter("creators are paid");
        let payouts = PAID_OUT.map(
            |(contract, party, amount)| json!({"amount": amount.to_string(), "contract": contract, "party": party}),
        );
        self.teller.tell(&[brand], Action::PayoutInstruct, &json!({"batch": batch, "payouts": payouts}))?;
        self.teller.chapter("money arrives");
        for (contract, party, _) in PAID_OUT {
            let body = json!({"batch": batch, "contract": contract, "paid": true, "party": party, "provider": "bank"});
            self.teller.tell(&[brand, self.sellers.admin(party)?], Action::PayoutReceipt, &body)?;
        }
        Ok(())
    }

    /// An event at the warehouse.
    fn seen(
        &mut self,
        moment: Time,
        (action, step, disposition): (&str, &str, &str),
        more: Value,
    ) -> anyhow::Result<()> {
        let event = json!({
            "action": action, "bizStep": step, "disposition": disposition, "eventTime": moment,
            "eventTimeZoneOffset": "+08:00", "readPoint": {"id": format!("https://id.gs1.org/414/{RDC}")},
            "type": "ObjectEvent",
        });
        self.teller.event(&self.cast.corenest.device, with(event, more)).map(drop)
    }

    /// A fact of the platform's, with a list beside it.
    fn report(&mut self, moment: Time, fact: &Value, list: (&str, Vec<String>)) -> anyhow::Result<()> {
        let content = Content::plain(Action::FactReport, json!({"at": moment, "fact": fact, "feed": FEED}));
        self.teller.with_list(&self.sellers.douyin.admin, content, list).map(drop)
    }

    /// How a fact names a line.
    fn line(&self, sale: &Sale) -> anyhow::Result<Value> {
        Ok(json!({"line": "1", "order": order_name(sale, self.month)?}))
    }

    /// What a line is sent as: the bottle with the refill in it, or a refill.
    fn outermost(&self, sale: &Sale) -> Option<&Epc> {
        sale.bottle.map_or_else(|| self.refills.get(sale.refill), |bottle| self.bottles.get(bottle))
    }

    /// The codes of a line, sorted.
    fn codes(&self, sale: &Sale) -> Vec<String> {
        let bottle = sale.bottle.and_then(|bottle| self.bottles.get(bottle));
        let mut codes: Vec<String> =
            bottle.into_iter().chain(self.refills.get(sale.refill)).map(|code| code.as_str().to_owned()).collect();
        codes.sort();
        codes
    }
}

/// What is to be seen of it.
pub(super) fn sights() -> Vec<Sight> {
    vec![Sight {
        title: "What a creator earns, line by line: sign in with her key, //adu, //xiaoman or //may of the demo's phrase",
        path: "x/session?next=/x/earnings".to_owned(),
    }]
}

/// The name of a line's order, under the platform's key of the month.
fn order_name(sale: &Sale, month: Month) -> anyhow::Result<String> {
    let key = cast::key("//douyin//orders")?.expose_seed();
    Ok(order::name(&month.name(), &key, sale.order))
}
