//! The same settlement in PostgreSQL: the same postings, written set by set, as somebody would who settles a period at once.
//!
//! The events lie in a table before the clock begins. What is measured is the journal, one row for each posting, and the
//! balances, which must be ours. It refuses no event, keeps no order and proves nothing.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use hefu_contracts::settlement::Balances;
use hefu_tests::postgres::Postgres;

/// Half up, as the terms round; a fee of a tenth; the largest remainder of seven and three parts, of which the first
/// gets a tie.
const FUNCTIONS: &str = "
    CREATE FUNCTION part(base bigint, ppm bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS
        'SELECT (base * ppm + 500000) / 1000000';
    CREATE FUNCTION net(gross bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT gross - part(gross, 100000)';
    CREATE FUNCTION kol(net bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS
        'SELECT net * 7 / 10 + CASE WHEN net * 7 % 10 >= net * 3 % 10 AND net * 7 % 10 > 0 THEN 1 ELSE 0 END';
    CREATE FUNCTION tier(total bigint) RETURNS bigint IMMUTABLE LANGUAGE sql AS
        'SELECT part(greatest(total - 10000000, 0), 20000)';
    CREATE TABLE event (seq bigint PRIMARY KEY, line int NOT NULL, kind text NOT NULL, base bigint NOT NULL);
    CREATE TABLE posting (seq bigint NOT NULL, unit text NOT NULL, account text NOT NULL, amount bigint NOT NULL);";

/// The events of the other run, in its order.
fn events(lines: usize) -> String {
    format!(
        "INSERT INTO event SELECT n * 3, n, 'paid', 3000 + n % 20000 FROM generate_series(0, {last}) n;
         INSERT INTO event SELECT n * 3 + 1, n, 'refund', -((3000 + n % 20000) / 2) FROM generate_series(0, {last}, 10) n;
         INSERT INTO event SELECT n * 3 + 2, n, 'received', 0 FROM generate_series(0, {last}) n;
         ANALYZE event;",
        last = lines.saturating_sub(1)
    )
}

/// What every event posts: the difference of what a line and the whole are worth, then what moves by receipt and release.
const SETTLEMENT: &str = "
    BEGIN;
    CREATE TEMP TABLE worth ON COMMIT DROP AS
        SELECT seq, line, kind,
               sum(base) OVER (PARTITION BY line ORDER BY seq)::bigint AS base,
               sum(base) OVER (PARTITION BY line ORDER BY seq)::bigint - base AS before,
               sum(base) OVER (ORDER BY seq)::bigint AS total,
               sum(base) OVER (ORDER BY seq)::bigint - base AS earlier
        FROM event WHERE kind <> 'received';
    INSERT INTO posting
        SELECT seq, 'line:shop1-' || line || ':comm', account, amount FROM worth,
            LATERAL (SELECT part(base, 200000) AS g, part(before, 200000) AS b) gross,
            LATERAL (VALUES ('kol:accrued', kol(net(g)) - kol(net(b))),
                            ('mcn:accrued', net(g) - kol(net(g)) - net(b) + kol(net(b))),
                            ('platform:fee', g - net(g) - b + net(b)),
                            ('brand:obligation', b - g)) AS of (account, amount)
        WHERE amount <> 0;
    INSERT INTO posting
        SELECT seq, 'comp:tier', account, amount FROM worth,
            LATERAL (SELECT tier(total) AS g, tier(earlier) AS b) gross,
            LATERAL (VALUES ('kol:accrued', kol(net(g)) - kol(net(b))),
                            ('mcn:accrued', net(g) - kol(net(g)) - net(b) + kol(net(b))),
                            ('platform:fee', g - net(g) - b + net(b)),
                            ('brand:obligation', b - g)) AS of (account, amount)
        WHERE amount <> 0;
    CREATE TEMP TABLE share ON COMMIT DROP AS
        SELECT DISTINCT ON (line) line, kol(net(part(base, 200000))) AS kol,
               net(part(base, 200000)) - kol(net(part(base, 200000))) AS mcn
        FROM worth ORDER BY line, seq DESC;
    INSERT INTO posting
        SELECT seq, 'line:shop1-' || line || ':comm', account, amount FROM event JOIN share USING (line),
            LATERAL (VALUES ('kol:accrued', -kol), ('kol:held', kol), ('mcn:accrued', -mcn), ('mcn:held', mcn))
                AS of (account, amount)
        WHERE kind = 'received' AND amount <> 0;
    INSERT INTO posting
        SELECT (SELECT max(seq) + 1 FROM event), 'line:shop1-' || line || ':comm', account, amount FROM share,
            LATERAL (VALUES ('kol:held', -kol), ('kol:payable', kol), ('mcn:held', -mcn), ('mcn:payable', mcn))
                AS of (account, amount)
        WHERE amount <> 0;
    COMMIT;";

/// Settles the same and says how long it took beside ours, in seconds of the clock.
pub fn beside(ours: f64, lines: usize, postings: usize, balances: &Balances) -> Result<()> {
    let Some(postgres) = Postgres::start()? else {
        println!("PostgreSQL   not installed (Debian: postgresql), left out");
        return Ok(());
    };
    postgres.sql("functions", FUNCTIONS)?;
    postgres.sql("events", &events(lines))?;
    let start = Instant::now();
    postgres.sql("settlement", SETTLEMENT)?;
    let sums = postgres
        .sql("balances", "SELECT account, sum(amount) FROM posting GROUP BY account HAVING sum(amount) <> 0")?;
    let theirs = start.elapsed().as_secs_f64();
    for sum in sums.lines() {
        let (account, amount) = sum.split_once('|').with_context(|| format!("PostgreSQL says {sum}"))?;
        let ours =
            balances.iter().find(|(known, _)| known.to_string() == account).map(|(_, amount)| amount.to_string());
        ensure!(ours.as_deref() == Some(amount), "{account} is {ours:?} with us, {amount} in PostgreSQL");
    }
    let held = balances.values().filter(|amount| !amount.is_zero()).count();
    ensure!(sums.lines().count() == held, "we have {held} balances, PostgreSQL {}", sums.lines().count());
    let count = postgres.sql("count", "SELECT count(*) FROM posting")?;
    ensure!(count.trim() == postings.to_string(), "we have {postings} postings, PostgreSQL {}", count.trim());
    println!("PostgreSQL   the same postings set by set, in one commit: {theirs:.2} s by the clock; ours {ours:.2} s");
    println!(
        "             ours ÷ theirs = {:.2} (less is better; every balance and their number are the same)",
        ours / theirs
    );
    Ok(())
}
