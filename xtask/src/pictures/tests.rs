use super::states::GLOSSARY;
use super::*;

#[test]
fn the_pictures_show_what_the_page_says() {
    for picture in current().expect("the page can be drawn") {
        let drawn = std::fs::read_to_string(&picture.path).unwrap_or_default();
        assert!(
            drawn == picture.svg,
            "{} is not what {PAGE} says: run `cargo xtask pictures`",
            picture.path.display()
        );
    }
}

#[test]
fn every_word_on_an_arrow_is_explained() {
    let page = std::fs::read_to_string(root().join(PAGE)).expect("the page is there");
    let diagram = diagrams(&page)
        .find_map(|diagram| diagram.strip_prefix("stateDiagram-v2"))
        .expect("it has states");
    let arrows = lines(diagram).filter(|line| !line.contains("[*]"));
    let labels = arrows.filter_map(|line| line.split_once(" --> ")?.1.split_once(": "));
    for word in labels.flat_map(|(_, label)| label.split(", ")) {
        assert!(GLOSSARY.iter().any(|(known, _)| *known == word), "{word}");
    }
}

#[test]
fn what_cannot_be_drawn_is_named() {
    for diagram in ["participant", "A-)B: text", "Note left of P: text", "end"] {
        let failure = sequence::draw(diagram).expect_err("nobody said how");
        assert!(failure.to_string().contains(diagram), "{failure}");
    }
    assert!(states::draw("a --- b").is_err());
}

#[test]
fn text_cannot_break_the_picture() {
    let drawn = states::draw("a --> b: <&>").expect("it has the form");
    assert!(drawn.contains("&lt;&amp;&gt;"), "{drawn}");
}
