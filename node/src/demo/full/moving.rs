//! Cases, pallets, and the way to the warehouse.

use hefu_contracts::gs1::Epc;
use serde_json::json;

use super::{Stage, ago, plan::CASES_ON_PALLET};
use crate::demo::{
    cast::{Actor, CORENEST, HUAXU, SWIFTBOAT},
    events::{at, from_to, place, with},
    founding::RDC,
};

/// Who packs, where, and the company prefix of the containers.
pub(super) type Packer<'a> = (&'a Actor, &'a str, &'a str);

/// A case and what is in it.
#[derive(Clone)]
pub(super) struct Case {
    pub id: Epc,
    pub things: Vec<Epc>,
}

impl Stage<'_> {
    /// The next container's number; `digit` tells cases from pallets.
    fn container(&mut self, prefix: &str, digit: u64) -> anyhow::Result<Epc> {
        self.containers = self.containers.saturating_add(1);
        Ok(Epc::parse(&format!("urn:epc:id:sscc:{prefix}.{digit}{:08}", self.containers))?)
    }

    /// Things go into cases.
    pub(super) fn pack(
        &mut self,
        (packer, gln, prefix): Packer<'_>,
        minutes: i64,
        (things, at_most): (&[Epc], usize),
    ) -> anyhow::Result<Vec<Case>> {
        let mut cases = Vec::new();
        for things in things.chunks(at_most) {
            let id = self.container(prefix, 1)?;
            let parts = json!({"childEPCs": things, "parentID": id, "type": "AggregationEvent"});
            self.event(&packer.device, minutes, ("ADD", "packing", "in_progress"), with(at(gln), parts))?;
            cases.push(Case { id, things: things.to_vec() });
        }
        Ok(cases)
    }

    /// Cases go onto pallets, these by the carrier to the warehouse, and are taken off there the next morning.
    pub(super) fn send(
        &mut self,
        (packer, gln, prefix): Packer<'_>,
        (day, note): (i64, &str),
        cases: Vec<Case>,
    ) -> anyhow::Result<()> {
        let mut pallets = Vec::new();
        for cases in cases.chunks(CASES_ON_PALLET) {
            let id = self.container(prefix, 3)?;
            let ids: Vec<&Epc> = cases.iter().map(|case| &case.id).collect();
            let parts = json!({"childEPCs": ids, "parentID": id, "type": "AggregationEvent"});
            self.event(&packer.device, ago(day, 18, 30), ("ADD", "packing", "container_closed"), with(at(gln), parts))?;
            pallets.push((id, cases));
        }
        self.teller.chapter("the carrier takes pallets to the warehouse");
        let cast = self.cast;
        let ids: Vec<&Epc> = pallets.iter().map(|(id, _)| id).collect();
        let way = from_to(gln, CORENEST, &format!("urn:epcglobal:cbv:bt:{gln}:DN-{note}-{day}"));
        let shipped = with(with(way.clone(), json!({"epcList": ids})), json!({"readPoint": place(gln)}));
        self.event(&packer.device, ago(day, 19, 0), ("OBSERVE", "shipping", "in_transit"), shipped)?;
        let seen = with(at(SWIFTBOAT), json!({"epcList": ids}));
        let hub: i64 = if gln == HUAXU { 24 } else { 22 };
        for (step, hour) in [("arriving", hub), ("departing", hub.saturating_add(2))] {
            let said = ("OBSERVE", step, "in_transit");
            self.event(&cast.swiftboat.device, ago(day, hour, 0), said, seen.clone())?;
        }
        let received = with(with(way, json!({"epcList": ids})), at(RDC));
        let next = day.saturating_add(1);
        self.event(&cast.corenest.device, ago(next, 6, 0), ("OBSERVE", "receiving", "in_progress"), received)?;
        for (id, cases) in &pallets {
            let ids: Vec<&Epc> = cases.iter().map(|case| &case.id).collect();
            self.open(ago(next, 7, 0), id, &ids)?;
        }
        self.warehouse.arrive(cases);
        Ok(())
    }

    /// Everything in a container at the warehouse is taken out of it.
    pub(super) fn open(&mut self, minutes: i64, container: &Epc, things: &[&Epc]) -> anyhow::Result<()> {
        let parts = json!({"childEPCs": things, "parentID": container, "type": "AggregationEvent"});
        let said = ("DELETE", "unpacking", "in_progress");
        self.event(&self.cast.corenest.device, minutes, said, with(at(RDC), parts))
    }
}
