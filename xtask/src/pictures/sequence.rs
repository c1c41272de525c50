//! Who says what to whom, in the order of time.

use super::svg::{Canvas, Point, width};
use super::{lines, unknown};
use crate::process::Failure;

/// Draws a `sequenceDiagram` of mermaid.
pub(super) fn draw(diagram: &str) -> Result<String, Failure> {
    let mut drawing = Drawing::default();
    for line in lines(diagram) {
        drawing.take(line).ok_or_else(|| unknown(line))?;
    }
    Ok(drawing.finish())
}

#[derive(Default)]
struct Drawing<'a> {
    canvas: Canvas,
    /// What stands for each, and what each is called.
    parties: Vec<(&'a str, &'a str)>,
    /// How many rows there are so far.
    rows: f64,
    /// Frames that are open: where they begin, and what is said of them.
    frames: Vec<(f64, &'a str)>,
}

impl<'a> Drawing<'a> {
    fn take(&mut self, line: &'a str) -> Option<()> {
        if let Some(party) = line.strip_prefix("participant ") {
            self.parties.push(party.split_once(" as ")?);
        } else if let Some(text) = line.strip_prefix("par ") {
            // A frame's title needs a row of its own.
            self.rows += 1.2;
            self.frames.push((self.y() - ROW * 0.6, text));
        } else if line == "end" {
            let (top, text) = self.frames.pop()?;
            self.frame(top, text);
        } else if let Some(note) = line.strip_prefix("Note over ") {
            let (whose, text) = note.split_once(": ")?;
            self.note(self.x(whose)?, text);
        } else {
            self.message(line)?;
        }
        Some(())
    }

    fn message(&mut self, line: &str) -> Option<()> {
        let (who, text) = line.split_once(": ")?;
        let (from, to, class) = match who.split_once("-->>") {
            Some((from, to)) => (from, to, "answer"),
            None => {
                let (from, to) = who.split_once("->>")?;
                (from, to, "arrow")
            }
        };
        let (from, to) = (self.x(from)?, self.x(to)?);
        self.rows += 1.0;
        let y = self.y();
        self.canvas
            .line(class, Point { x: from, y }, Point { x: to, y });
        let center = Point {
            x: f64::midpoint(from, to),
            y: y - 10.0,
        };
        self.behind(center, text);
        self.canvas.text("", center, text);
        Some(())
    }

    fn note(&mut self, x: f64, text: &str) {
        self.rows += 1.2;
        let y = self.y();
        let half = width(text) / 2.0 + 10.0;
        let left = (x - half).max(MARGIN);
        let corner = Point {
            x: left,
            y: y - 12.0,
        };
        self.canvas.rectangle("note", corner, 2.0 * half, 24.0);
        let center = Point { x: left + half, y };
        self.canvas.text("", center, text);
        self.rows += 0.2;
    }

    fn frame(&mut self, top: f64, text: &str) {
        let (left, right) = (self.left() - 16.0, self.right() + 16.0);
        let corner = Point { x: left, y: top };
        let bottom = self.y() + 14.0;
        self.canvas
            .rectangle("frame", corner, right - left, bottom - top);
        let start = Point {
            x: left + 10.0,
            y: top + 14.0,
        };
        let center = Point {
            x: start.x + width(text) / 2.0,
            y: start.y,
        };
        self.behind(center, text);
        self.canvas.text_from("small", start, text);
        self.rows += 0.6;
    }

    /// Paper behind a text, so that no line runs through it.
    fn behind(&mut self, center: Point, text: &str) {
        let wide = width(text);
        let corner = Point {
            x: center.x - wide / 2.0,
            y: center.y - 8.0,
        };
        self.canvas.rectangle("behind", corner, wide, 16.0);
    }

    fn finish(mut self) -> String {
        let bottom = self.y() + ROW * 0.7;
        let mut whole = Canvas::default();
        for (index, (_, name)) in self.parties.iter().enumerate() {
            let x = column(index);
            let top = Point { x, y: MARGIN };
            whole.line("life", top, Point { x, y: bottom });
            let corner = Point {
                x: x - 60.0,
                y: MARGIN,
            };
            whole.rectangle("way", corner, 120.0, HEAD);
            let center = Point {
                x,
                y: MARGIN + HEAD / 2.0,
            };
            whole.text("name", center, name);
        }
        whole.append(std::mem::take(&mut self.canvas));
        let title = "A push: the program, the push machine, the registry and its token server";
        whole.finish(title, self.right() + 60.0 + MARGIN, bottom + MARGIN)
    }

    fn x(&self, party: &str) -> Option<f64> {
        let index = self.parties.iter().position(|(id, _)| *id == party)?;
        Some(column(index))
    }

    fn y(&self) -> f64 {
        MARGIN + HEAD + self.rows * ROW
    }

    fn left(&self) -> f64 {
        column(0)
    }

    fn right(&self) -> f64 {
        column(self.parties.len().saturating_sub(1))
    }
}

fn column(index: usize) -> f64 {
    let index = u32::try_from(index).unwrap_or(u32::MAX);
    MARGIN + 60.0 + f64::from(index) * COLUMN
}

const MARGIN: f64 = 24.0;
const HEAD: f64 = 32.0;
const ROW: f64 = 34.0;
const COLUMN: f64 = 260.0;
