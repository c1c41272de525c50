use super::*;

fn headers(retry_after: &str, date: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        RETRY_AFTER,
        retry_after.parse().expect("it is a header value"),
    );
    if let Some(date) = date {
        headers.insert(DATE, date.parse().expect("it is a header value"));
    }
    headers
}

#[test]
fn both_forms_are_read_and_garbage_says_nothing() {
    let date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    for (text, date, seconds) in [
        ("7", None, Some(7)),
        ("0", None, Some(0)),
        (" 7 ", None, Some(7)),
        ("99999999999999999999999", None, Some(u64::MAX)),
        ("Sun, 06 Nov 1994 08:50:37 GMT", date, Some(60)),
        ("Sunday, 06-Nov-94 08:50:37 GMT", date, Some(60)),
        ("Sun Nov  6 08:50:37 1994", date, Some(60)),
        ("Sun, 06 Nov 1994 08:48:37 GMT", date, None),
        ("Sun, 06 Nov 1994 08:50:37 GMT", None, None),
        ("-1", None, None),
        ("1.5", None, None),
        ("soon", date, None),
        ("", date, None),
    ] {
        let read = retry_after(&headers(text, date));
        assert_eq!(read, seconds.map(Duration::from_secs), "{text}");
    }
    assert_eq!(retry_after(&HeaderMap::new()), None);
}

/// A push is the same whenever and wherever it is replayed, so these values stay what they are:
/// xorshift64*, computed apart from this code.
#[test]
fn the_same_seed_gives_the_same_pauses() {
    let mut jitter = Jitter::new(7);
    let pauses = [(); 4].map(|()| jitter.around(Duration::from_secs(1)).as_nanos());
    assert_eq!(
        pauses,
        [902_343_750, 905_273_437, 1_090_820_312, 563_476_562]
    );
}

#[test]
fn pauses_double_up_to_a_limit_and_jitter_stays_around_the_mean() {
    let mean = |n| mean_pause(n, Duration::from_millis(500), Duration::from_secs(30));
    let means: Vec<u64> = (1..=9).map(|n| mean(n).as_millis() as u64).collect();
    assert_eq!(
        means,
        [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]
    );
    assert_eq!(mean(u32::MAX), Duration::from_secs(30));
    let mut jitter = Jitter::new(0);
    let second = Duration::from_secs(1);
    let pauses: Vec<_> = (0..1000).map(|_| jitter.around(second)).collect();
    assert!(
        pauses
            .iter()
            .all(|p| *p >= second / 2 && *p <= second * 3 / 2)
    );
    let sum: Duration = pauses.iter().sum();
    assert!(sum > second * 950 && sum < second * 1050, "{sum:?}");
    for tenth in 0..10 {
        let from = second / 2 + second / 10 * tenth;
        let is_in = |pause: &&Duration| (from..from + second / 10).contains(*pause);
        let count = pauses.iter().filter(is_in).count();
        assert!((60..140).contains(&count), "{count} from {from:?}");
    }
    assert_ne!(Jitter::new(1).around(second), Jitter::new(2).around(second));
}
