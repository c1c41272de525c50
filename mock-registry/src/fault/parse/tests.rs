use super::*;

#[test]
fn distances_are_edits() {
    assert_eq!(distance("", "abc"), 3);
    assert_eq!(distance("reset", "reset"), 0);
    assert_eq!(distance("kitten", "sitting"), 3);
}

#[test]
fn errors_name_what_is_wrong_and_what_is_known() {
    let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
    assert!(
        error("stal").contains("the nearest are stall"),
        "{}",
        error("stal")
    );
    assert!(error("stall:step=puts").contains("known steps are any, connect"));
    assert!(error("reset-at-byte:at=many").contains("at=many: a whole number"));
    assert!(error("reset-at-byte:byte=1").contains("step, nth, times, from, until, at"));
    assert!(error("5xx-burst:status=99").contains("from 200 to 599"));
    assert!(error("redirect:to=mars").contains("known are"));
    assert!(error("stall:whatever").contains("key=value"));
}

#[test]
fn a_flag_survives_being_shown() {
    for text in [
        "reset-at-byte:step=upload,nth=2,times=3,from=10,until=20,at=7",
        "stall:times=always",
    ] {
        assert_eq!(text.parse::<Fault>().unwrap().to_string(), text);
    }
}

#[test]
fn files_say_which_fault_is_wrong() {
    let error = |text: &str| read_faults(text).unwrap_err().to_string();
    assert!(error("[[fault]]\nname = 'stall'\n[[fault]]\nstep = 'put'").contains("fault 2"));
    assert!(error("faults = 1").contains("unknown key \"faults\""));
    assert!(error("fault = 1").contains("[[fault]] tables"));
    assert!(error("[").contains("TOML"));
    assert_eq!(read_faults("").unwrap().len(), 0);
}
