//! Writing SVG: light paper, dark ink, a font that every system has, whatever the page's colours.

use std::fmt::Write as _;

/// A picture that grows.
#[derive(Default)]
pub(super) struct Canvas {
    body: String,
}

#[derive(Clone, Copy)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

impl Point {
    /// The corner of what reaches to this point and to another.
    pub(super) fn around(self, other: &Self) -> Self {
        Self {
            x: self.x.max(other.x),
            y: self.y.max(other.y),
        }
    }
}

impl Canvas {
    pub(super) fn rectangle(&mut self, class: &str, corner: Point, width: f64, height: f64) {
        let Point { x, y } = corner;
        self.add(format_args!(
            r#"<rect class="{class}" x="{x:.1}" y="{y:.1}" width="{width:.1}" height="{height:.1}" rx="6"/>"#
        ));
    }

    pub(super) fn circle(&mut self, class: &str, center: Point, radius: f64) {
        let Point { x, y } = center;
        self.add(format_args!(
            r#"<circle class="{class}" cx="{x:.1}" cy="{y:.1}" r="{radius:.1}"/>"#
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: Point, to: Point) {
        self.add(format_args!(
            r#"<path class="{class}" d="M{:.1},{:.1} L{:.1},{:.1}"/>"#,
            from.x, from.y, to.x, to.y
        ));
    }

    /// A smooth line that begins at the first point, ends at the last and passes near the others: a
    /// cubic B-spline.
    pub(super) fn curve(&mut self, class: &str, points: &[Point]) {
        let [first, second, ..] = points else {
            return;
        };
        let between = |a: Point, b: Point, part: f64| Point {
            x: a.x + (b.x - a.x) * part,
            y: a.y + (b.y - a.y) * part,
        };
        let start = between(*first, *second, 1.0 / 6.0);
        let mut path = format!(
            "M{:.1},{:.1} L{:.1},{:.1}",
            first.x, first.y, start.x, start.y
        );
        let (mut a, mut b) = (*first, *second);
        for next in points[2..].iter().chain(points.last()) {
            let (one, two) = (between(a, b, 1.0 / 3.0), between(a, b, 2.0 / 3.0));
            let end = between(two, between(b, *next, 1.0 / 3.0), 0.5);
            _ = write!(
                path,
                " C{:.1},{:.1} {:.1},{:.1} {:.1},{:.1}",
                one.x, one.y, two.x, two.y, end.x, end.y
            );
            (a, b) = (b, *next);
        }
        _ = write!(path, " L{:.1},{:.1}", b.x, b.y);
        self.add(format_args!(r#"<path class="{class}" d="{path}"/>"#));
    }

    /// A line of text around `center`.
    pub(super) fn text(&mut self, class: &str, center: Point, text: &str) {
        self.words(class, "middle", center, text);
    }

    /// A line of text that begins at `start`.
    pub(super) fn text_from(&mut self, class: &str, start: Point, text: &str) {
        self.words(class, "start", start, text);
    }

    fn words(&mut self, class: &str, anchor: &str, at: Point, text: &str) {
        // The middle of small letters, not of the line.
        let (x, y) = (at.x, at.y + SMALL_LETTER / 2.0);
        let text = escaped(text);
        self.add(format_args!(
            r#"<text class="{class}" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{text}</text>"#
        ));
    }

    /// The whole picture; `title` is what it shows, for those who cannot see it.
    pub(super) fn finish(self, title: &str, width: f64, height: f64) -> String {
        let (title, body) = (escaped(title), self.body);
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0} {height:.0}" width="{width:.0}" height="{height:.0}" role="img">
<title>{title}</title>
<!-- Drawn by `cargo xtask pictures` from docs/protocol.md. -->
<style>
{STYLE}</style>
<defs>
<marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,1 L10,5 L0,9 z" fill="#334155"/></marker>
<marker id="trouble-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto"><path d="M0,1 L10,5 L0,9 z" fill="#b45309"/></marker>
</defs>
<rect class="paper" width="100%" height="100%" rx="8"/>
{body}</svg>
"##
        )
    }

    /// Puts another one over this one.
    pub(super) fn append(&mut self, above: Self) {
        self.body.push_str(&above.body);
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        _ = writeln!(self.body, "{element}");
    }
}

/// About how wide a text is.
pub(super) fn width(text: &str) -> f64 {
    let count = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    f64::from(count) * LETTER
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

const LETTER: f64 = 6.9;
const SMALL_LETTER: f64 = 8.5;
const STYLE: &str = "\
text { font: 13px system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif; fill: #0f172a; }
.name { font-weight: 600; font-size: 14px; }
.request { font: 12px ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #334155; }
.word { font-size: 12px; font-weight: 600; }
.small { font-size: 12px; fill: #334155; }
.troubled { fill: #92400e; }
.paper { fill: #ffffff; stroke: #e2e8f0; }
.behind { fill: #ffffff; }
.way { fill: #dbeafe; stroke: #1d4ed8; }
.repair { fill: #fef3c7; stroke: #b45309; }
.good { fill: #dcfce7; stroke: #15803d; }
.bad { fill: #fee2e2; stroke: #b91c1c; }
.dot { fill: #334155; }
.ring { fill: none; stroke: #334155; stroke-width: 1.5; }
.arrow { fill: none; stroke: #334155; stroke-width: 1.5; marker-end: url(#head); }
.answer { fill: none; stroke: #334155; stroke-width: 1.2; stroke-dasharray: 5 4; marker-end: url(#head); }
.trouble { fill: none; stroke: #b45309; stroke-width: 1.3; stroke-dasharray: 5 4; marker-end: url(#trouble-head); }
.life { stroke: #cbd5e1; stroke-width: 1; }
.frame { fill: none; stroke: #64748b; stroke-dasharray: 2 3; }
.note { fill: #fef9c3; stroke: #ca8a04; }
";
