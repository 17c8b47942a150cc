use super::*;

type Net = Spread<&'static str>;

fn record(number: u8) -> (Hash, Bytes) {
    (Hash::from_bytes([number; 32]), Bytes::from(vec![number; 10]))
}

/// A node that is connected with two others.
fn net() -> Net {
    let mut net = Net::new();
    net.joined(0, "huaxu");
    net.joined(0, "yueling");
    net
}

/// The messages due, without their tickets: who gets which records, sent or offered.
fn due(net: &mut Net, now: Now) -> Vec<(&'static str, Message)> {
    net.due(now).into_iter().map(|(peer, _, message)| (peer, message)).collect()
}

fn sent(numbers: &[u8]) -> Message {
    Message::Records(numbers.iter().map(|number| record(*number).1).collect())
}

fn offered(numbers: &[u8]) -> Message {
    Message::Offer(numbers.iter().map(|number| [*number; 32]).collect())
}

fn all(net: &mut Net, now: Now, standing: Standing) {
    let tickets: Vec<(u64, usize)> = net.flights.iter().map(|(ticket, flight)| (*ticket, flight.seals.len())).collect();
    for (ticket, count) in tickets {
        assert_eq!(net.answered(now, ticket, Some(Answer::Standings(vec![standing; count]))), None);
    }
}

#[test]
fn what_comes_to_this_door_is_sent_to_all_at_once() {
    let mut net = net();
    net.begin(5, record(1), None);
    assert_eq!(due(&mut net, 5), [("huaxu", sent(&[1])), ("yueling", sent(&[1]))]);
    assert!(due(&mut net, 6).is_empty());
}

#[test]
fn records_gather_while_answers_are_under_way() {
    let mut net = net();
    for number in 0..4 {
        net.begin(0, record(number), None);
        assert_eq!(due(&mut net, 0).len(), 2, "{number}");
    }
    for number in 4..9 {
        net.begin(0, record(number), None);
        assert!(due(&mut net, 0).is_empty(), "enough is under way");
    }
    all(&mut net, 1, Standing::Held);
    let batch = sent(&[4, 5, 6, 7, 8]);
    assert_eq!(due(&mut net, 1), [("huaxu", batch.clone()), ("yueling", batch)]);
}

#[test]
fn batches_keep_within_bytes_but_one_large_record_goes_alone() {
    let mut net = Net::new();
    net.joined(0, "huaxu");
    let large = |number| (Hash::from_bytes([number; 32]), Bytes::from(vec![number; BATCH_BYTES / 2 + 1]));
    net.begin(0, (Hash::from_bytes([9; 32]), Bytes::from(vec![9; BATCH_BYTES * 2])), None);
    net.begin(0, large(1), None);
    net.begin(0, large(2), None);
    let counts: Vec<usize> = net.due(0).iter().map(|(_, _, message)| message.len()).collect();
    assert_eq!(counts, [1, 1, 1]);
}

#[test]
fn what_another_sent_is_offered_to_the_others_later() {
    let mut net = net();
    net.begin(0, record(1), Some("huaxu"));
    assert!(due(&mut net, OFFER_AFTER - 1).is_empty());
    assert_eq!(net.wakes(), Some(OFFER_AFTER));
    assert_eq!(due(&mut net, OFFER_AFTER), [("yueling", offered(&[1]))]);
    all(&mut net, OFFER_AFTER, Standing::Wanted);
    assert_eq!(due(&mut net, OFFER_AFTER), [("yueling", sent(&[1]))]);
}

#[test]
fn a_record_is_offered_until_a_block_holds_it() {
    let mut net = net();
    net.begin(0, record(1), None);
    due(&mut net, 0);
    all(&mut net, 0, Standing::Held);
    assert!(due(&mut net, AGAIN_AFTER - 1).is_empty());
    assert_eq!(due(&mut net, AGAIN_AFTER), [("huaxu", offered(&[1])), ("yueling", offered(&[1]))]);
    all(&mut net, AGAIN_AFTER, Standing::Held);
    net.end(&record(1).0);
    assert!(due(&mut net, 10 * AGAIN_AFTER).is_empty());
}

#[test]
fn a_node_that_cannot_take_it_now_is_asked_again_ever_more_seldom() {
    let mut net = Net::new();
    net.joined(0, "huaxu");
    net.begin(0, record(1), None);
    due(&mut net, 0);
    let (mut now, mut waits) = (0, Vec::new());
    for _ in 0..9 {
        all(&mut net, now, Standing::Later);
        let next = net.wakes().unwrap();
        waits.push(next - now);
        now = next;
        assert_eq!(due(&mut net, now), [("huaxu", offered(&[1]))]);
    }
    assert_eq!(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
}

#[test]
fn a_node_that_comes_back_is_offered_everything() {
    let mut net = net();
    net.begin(0, record(1), None);
    net.begin(0, record(2), None);
    due(&mut net, 0);
    net.left("huaxu");
    net.end(&record(2).0);
    net.begin(3, record(3), None);
    assert_eq!(due(&mut net, 3), [("yueling", sent(&[3]))]);
    net.joined(4, "huaxu");
    let messages = net.due(4);
    assert_eq!(messages.len(), 1);
    assert_eq!((messages[0].0, messages[0].2.len()), ("huaxu", 2));
}

#[test]
fn a_message_that_failed_is_made_up_for() {
    let mut net = Net::new();
    net.joined(0, "huaxu");
    net.begin(0, record(1), None);
    let ticket = net.due(0)[0].1;
    assert_eq!(net.answered(1, ticket, None), None);
    assert_eq!(due(&mut net, 1 + LATER), [("huaxu", offered(&[1]))]);
}

#[test]
fn an_answer_that_fits_nothing_is_noticed() {
    // What was sent whole is not asked for either: it would be sent for ever.
    for answer in [vec![Standing::Held; 3], vec![Standing::Forged], vec![Standing::Wanted]] {
        let mut net = Net::new();
        net.joined(0, "huaxu");
        net.begin(0, record(1), None);
        let ticket = net.due(0)[0].1;
        assert_eq!(net.answered(1, ticket, Some(Answer::Standings(answer))), Some("huaxu"));
        assert!(due(&mut net, 1).is_empty());
        assert!(net.wakes().is_some(), "the record is not forgotten");
    }
}

#[test]
fn what_is_noted_of_a_node_that_never_keeps_up_is_bounded() {
    let mut net = net();
    let seal = |number: u32| Hash::of(&number.to_be_bytes());
    let own = |number: u32| number.is_multiple_of(2);
    for number in 0..20_000 {
        let from = (!own(number)).then_some("huaxu");
        net.begin(u64::from(number), (seal(number), Bytes::from_static(b"text")), from);
        // Nobody answers: after the first messages everything gathers.
        due(&mut net, u64::from(number));
        if let Some(past) = number.checked_sub(10) {
            net.end(&seal(past));
        }
    }
    for peer in net.peers.values() {
        let noted = (peer.later.len(), peer.fresh.len());
        assert!(noted.0 <= 2 * SEALS_MAX && noted.1 <= 2 * SEALS_MAX, "{noted:?}");
    }
}
