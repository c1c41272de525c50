//! States, and what leads from one to another.

use std::collections::BTreeMap;

use dagre::graph::{Graph, GraphOptions};
use dagre::layout::types::LabelPos;
use dagre::{EdgeLabel, LayoutOptions, NodeLabel, layout};

use super::svg::{Canvas, Point, width};
use super::{lines, unknown};
use crate::process::Failure;

/// Draws a `stateDiagram-v2` of mermaid.
pub(super) fn draw(diagram: &str) -> Result<String, Failure> {
    let states = States::parse(diagram)?;
    let graph = states.laid_out();
    let mut canvas = Canvas::default();
    let mut size = Point { x: 0.0, y: 0.0 };
    for arrow in &states.arrows {
        let Some(edge) = graph.edge(arrow.from, arrow.to, None) else {
            continue;
        };
        let points: Vec<Point> = edge
            .points
            .iter()
            .map(|point| Point {
                x: point.x,
                y: point.y,
            })
            .collect();
        let is_trouble = arrow.is_trouble();
        canvas.curve(if is_trouble { "trouble" } else { "arrow" }, &points);
        size = points.iter().fold(size, |size, point| size.around(point));
    }
    for arrow in &states.arrows {
        let edge = graph.edge(arrow.from, arrow.to, None);
        if let Some((x, y)) = edge.and_then(|edge| edge.x.zip(edge.y)) {
            let class = if arrow.is_trouble() { "troubled" } else { "" };
            size.x = size.x.max(x + width(arrow.label) / 2.0);
            label(&mut canvas, class, Point { x, y }, arrow.label);
        }
    }
    for id in graph.nodes() {
        let Some(node) = graph.node(&id) else {
            continue;
        };
        let (Some(x), Some(y)) = (node.x, node.y) else {
            continue;
        };
        states.draw_node(&mut canvas, &id, Point { x, y });
        let corner = Point {
            x: x + node.width / 2.0,
            y: y + node.height / 2.0,
        };
        size = size.around(&corner);
    }
    let bottom = legend(&mut canvas, size.y + 16.0);
    let title = "One blob: its states, the requests they send, and what the answers lead to";
    Ok(canvas.finish(title, size.x.max(LEGEND) + MARGIN, bottom))
}

#[derive(Default)]
struct States<'a> {
    /// The request that a state sends.
    requests: BTreeMap<&'a str, &'a str>,
    arrows: Vec<Arrow<'a>>,
}

struct Arrow<'a> {
    from: &'a str,
    to: &'a str,
    label: &'a str,
}

impl<'a> States<'a> {
    fn parse(diagram: &'a str) -> Result<Self, Failure> {
        let mut states = Self::default();
        for line in lines(diagram) {
            states.take(line).ok_or_else(|| unknown(line))?;
        }
        Ok(states)
    }

    fn take(&mut self, line: &'a str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("state \"") {
            let (shown, id) = rest.split_once("\" as ")?;
            let (_, request) = shown.split_once(": ")?;
            self.requests.insert(id, request);
            return Some(());
        }
        let (from, rest) = line.split_once(" --> ")?;
        let (to, label) = rest.split_once(": ").unwrap_or((rest, ""));
        self.arrows.push(Arrow {
            from: if from == "[*]" { BEGIN } else { from },
            to: if to == "[*]" { END } else { to },
            label,
        });
        Some(())
    }

    fn laid_out(&self) -> Graph<NodeLabel, EdgeLabel> {
        let mut graph = Graph::with_options(GraphOptions {
            directed: true,
            // Without it, of two arrows in opposite directions one is lost.
            multigraph: true,
            compound: false,
        });
        // What comes first goes down; what closes a circle goes up.
        let mut arrows: Vec<&Arrow<'_>> = self.arrows.iter().collect();
        arrows.sort_by_key(|arrow| arrow.is_trouble());
        for arrow in arrows {
            for id in [arrow.from, arrow.to] {
                let (width, height) = self.size(id);
                let node = NodeLabel {
                    width,
                    height,
                    ..NodeLabel::default()
                };
                graph.set_node(id, Some(node));
            }
            let edge = EdgeLabel {
                width: width(arrow.label) + 8.0,
                height: 18.0,
                labelpos: LabelPos::Center,
                // What happens mostly goes straight.
                weight: if arrow.is_trouble() { 1 } else { 6 },
                ..EdgeLabel::default()
            };
            graph.set_edge(arrow.from, arrow.to, Some(edge), None);
        }
        let options = LayoutOptions {
            nodesep: 36.0,
            edgesep: 16.0,
            ranksep: 34.0,
            marginx: MARGIN,
            marginy: MARGIN,
            ..LayoutOptions::default()
        };
        layout(&mut graph, Some(options));
        graph
    }

    fn size(&self, id: &str) -> (f64, f64) {
        if matches!(id, BEGIN | END) {
            return (DOT, DOT);
        }
        match self.requests.get(id) {
            Some(request) => (width(request).max(width(id)) + 28.0, 46.0),
            None => (width(id) + 40.0, 32.0),
        }
    }

    fn draw_node(&self, canvas: &mut Canvas, id: &str, center: Point) {
        if matches!(id, BEGIN | END) {
            canvas.circle("dot", center, DOT / 3.0);
            if id == END {
                canvas.circle("ring", center, DOT / 2.0);
            }
            return;
        }
        let class = match id {
            "done" => "good",
            "failed" => "bad",
            _ if REPAIRS.contains(&id) => "repair",
            _ => "way",
        };
        let (width, height) = self.size(id);
        let corner = Point {
            x: center.x - width / 2.0,
            y: center.y - height / 2.0,
        };
        canvas.rectangle(class, corner, width, height);
        let shifted = |by: f64| Point {
            y: center.y + by,
            ..center
        };
        match self.requests.get(id) {
            Some(request) => {
                canvas.text("name", shifted(-9.0), id);
                canvas.text("request", shifted(9.0), request);
            }
            None => canvas.text("name", center, id),
        }
    }
}

impl Arrow<'_> {
    /// Whether something went wrong before it is taken.
    fn is_trouble(&self) -> bool {
        let is_usual = |verdict: &str| USUAL.contains(&verdict);
        let is_known = self.from == BEGIN || self.to == END;
        !is_known
            && (REPAIRS.contains(&self.from)
                || self.to == "failed"
                || !self.label.split(", ").any(is_usual))
    }
}

fn label(canvas: &mut Canvas, class: &str, center: Point, text: &str) {
    if text.is_empty() {
        return;
    }
    let wide = width(text) + 4.0;
    let corner = Point {
        x: center.x - wide / 2.0,
        y: center.y - 8.0,
    };
    canvas.rectangle("behind", corner, wide, 16.0);
    canvas.text(class, center, text);
}

/// What the lines and the words mean. Returns where it ends.
fn legend(canvas: &mut Canvas, top: f64) -> f64 {
    let mut y = top + LINE;
    let kinds = [
        ("arrow", "what happens where nothing goes wrong"),
        ("trouble", "what happens after something went wrong"),
    ];
    for (class, meaning) in kinds {
        let from = Point { x: MARGIN, y };
        canvas.line(
            class,
            from,
            Point {
                x: MARGIN + 44.0,
                y,
            },
        );
        let start = Point {
            x: MARGIN + 56.0,
            y,
        };
        canvas.text_from("small", start, meaning);
        y += LINE;
    }
    for two in GLOSSARY.chunks(2) {
        for ((word, meaning), x) in two.iter().zip([MARGIN, MARGIN + LEGEND / 2.0]) {
            canvas.text_from("word", Point { x, y }, word);
            canvas.text_from("small", Point { x: x + 64.0, y }, meaning);
        }
        y += LINE;
    }
    y + MARGIN / 2.0
}

const BEGIN: &str = "(begin)";
const END: &str = "(end)";
/// The states that a push without trouble never sees.
const REPAIRS: [&str; 2] = ["look", "probe"];
/// The verdicts of a push without trouble.
const USUAL: [&str; 3] = ["accept", "opened", "absent"];
/// What the words on the arrows mean.
pub(super) const GLOSSARY: [(&str, &str); 12] = [
    ("accept", "it was done, or is there"),
    ("opened", "there is an upload session"),
    ("absent", "it is not there"),
    ("unclear", "the registry does not say, or does not do that"),
    ("doubt", "nobody knows whether it was done"),
    (
        "dispute",
        "it was refused, perhaps only because it is there",
    ),
    ("resume", "the session may have a part: it is asked"),
    ("later", "the registry has no time: nothing is to blame"),
    (
        "restart",
        "the session is of no use: a new one, from the start",
    ),
    ("smaller", "too large for one request: in parts"),
    ("whole", "parts are not taken: in one request"),
    ("retry", "the same once more, after a pause: not drawn"),
];
const MARGIN: f64 = 24.0;
const DOT: f64 = 18.0;
const LINE: f64 = 20.0;
/// How wide the legend is.
const LEGEND: f64 = 760.0;
