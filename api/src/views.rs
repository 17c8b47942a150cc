//! Views: what is shown of the ledger. JSON and pages are two dresses of the same view.
//!
//! Whatever a view says of a thing is derived from a checked proof and from nothing else, so that a page and a JSON
//! answer show exactly what the proof file beside them proves.

mod agreement;
mod amounts;
mod block;
mod item;
mod key;
mod names;
mod quota;
mod record;
mod status;
mod step;

pub use agreement::{
    AccountEntryView, AccountView, AgreementLineView, AgreementNewsView, AgreementView, AgreementsView, DisputeView,
    DisputesView, EarningView, EarningsView, LineEarningsView, LineItemView, LineView, LinesView, PayoutView,
    PayoutsView, PeriodEarningsView, SoldState, StatementLineView, VersionView,
};
pub use amounts::{AdjustmentView, AdjustmentsView, CostView, CostsView, MovementView, MovementsView};
pub use block::{BlockLineView, BlockLinksView, BlockRecordView, BlockView, ValidatorView, block, block_line};
pub use item::{
    AbsentView, AsOfView, CodeView, ConditionView, InputView, ItemView, Lookup, OriginView, StateView, TransferView,
    WhereaboutsView, item,
};
pub use key::{KeyView, key};
pub(crate) use names::Names;
pub use names::{BatchView, ContainerView, MarkView, PartyView, PlaceView, ProductView};
pub use quota::{QuotaView, quota};
pub use record::{PrivateRecordView, ReadableRecordView, RecordLinksView, RecordView, record};
pub use status::{StatusView, VERSION, status};
pub use step::{EventView, StepView};
