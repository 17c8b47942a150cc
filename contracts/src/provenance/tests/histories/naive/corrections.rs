//! What becomes of an event that is declared to be in error.

use super::{Broken, Model, Thing, Word, is_bound};
use crate::{
    provenance::{
        Flag,
        tests::histories::cast::{CAST, Told, is_class},
    },
    refusal::Code,
};

impl Model {
    /// Takes a declaration that an event was in error, or says all that it breaks; and whether its effects are undone.
    pub(in super::super) fn declare(&mut self, told: &Told) -> (Broken, bool) {
        let mut no = Broken::new();
        self.signed(told, &mut no);
        if told.at > self.now + 5_000 {
            no.insert(Code::EventFuture);
        }
        if told.read_at != told.who {
            no.insert(Code::SiteForeign);
        }
        let word = self.words.get(&(told.who, told.number)).cloned();
        if word.as_ref().is_some_and(|word| word.declared) {
            no.insert(Code::EventDuplicate);
        }
        match &word {
            Some(word) if word.told.step != told.step => {
                no.insert(Code::EventOtherThings);
            }
            Some(_) => {}
            // Whoever said it takes it back. Of what others said, only who has to do with the things says that it is wrong.
            None => self.may_object(told, &mut no),
        }
        if !no.is_empty() {
            return (no, false);
        }
        let undone = word.as_ref().and_then(|word| self.undone(word));
        let back = undone.is_some();
        if let Some(undone) = undone {
            *self = undone;
        } else {
            let flag = if word.is_some() { Flag::ErrorDeclared } else { Flag::ErrorWithoutOriginal };
            for thing in told.named() {
                self.things[thing].flags.insert(flag);
            }
        }
        let held = word.unwrap_or(Word { told: told.clone(), record: None, declared: true, effective: false });
        self.words.insert((told.who, told.number), Word { declared: true, ..held });
        (no, back)
    }

    fn may_object(&self, told: &Told, no: &mut Broken) {
        for thing in told.named() {
            if !is_class(thing) && !self.may(told.who, thing, told.step) && !self.is_with(thing, told.who) {
                no.insert(Code::AuthorityNone);
            }
            if is_bound(thing) && self.things[thing].made.is_none() {
                no.insert(Code::ItemNotCommissioned);
            }
        }
    }

    /// Everything as it was before an event, unless something depends on it.
    fn undone(&self, word: &Word) -> Option<Model> {
        let told = &word.told;
        let record = word.record.filter(|_| word.effective)?;
        if let Some(parent) = told.parent.filter(|parent| is_bound(*parent)) {
            let outermost = &self.things[self.outermost(parent)];
            let later = outermost.last.is_some_and(|last| last.at > told.at);
            if outermost.holder != Some(told.who) || later || outermost.handover.is_some() {
                return None;
            }
        }
        let mut before = self.clone();
        for thing in told.named() {
            let now = &mut before.things[thing];
            if is_bound(thing) {
                let was = now.before.take()?;
                if now.last.is_none_or(|last| last.record != record) {
                    return None;
                }
                if was.parent.is_some() && (&was.recalls, &was.marked) != (&now.recalls, &now.marked) {
                    return None;
                }
                let (mut carried, mut marked) = (was.carried.clone(), was.marked.clone());
                if !was.carried.is_empty() {
                    carried.extend(&now.carried);
                    marked.extend(&now.marked);
                }
                *now = Thing { flags: now.flags.clone(), recalls: now.recalls.clone(), carried, marked, ..*was };
            } else if CAST[thing].owner.is_some() {
                now.came_of.remove(&record);
            } else {
                now.flags.insert(Flag::ErrorDeclared);
            }
        }
        before.move_lots_back(told, record).then_some(before)
    }
}
