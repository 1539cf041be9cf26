//! The one table of the administration: a caption that names it, headings for its columns and its rows, a region of its own
//! that scrolls where it is too wide. On a telephone each row is a card, and each cell says what it is.
//!
//! The roles are spelled out: a browser may forget what a table is when its rows are laid out as cards.

use crate::ui::components::icon::Icon;
use leptos::prelude::*;

/// How the cells of a column are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Broken into lines where need be.
    Text,
    /// On one line: times, short words.
    Line,
    /// The longest of the row, with room to be read.
    Wide,
    /// Figures below each other.
    Number,
    /// Something to do: its heading is heard, not seen.
    Act,
}

/// A column: its heading, and how its cells are set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    heading: &'static str,
    kind: Kind,
}

impl Column {
    /// Text that is broken into lines where need be.
    #[must_use]
    pub const fn text(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Text }
    }

    /// What stands on one line: times, short words.
    #[must_use]
    pub const fn line(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Line }
    }

    /// The longest text of the row.
    #[must_use]
    pub const fn wide(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Wide }
    }

    /// Figures.
    #[must_use]
    pub const fn number(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Number }
    }

    /// Something to do.
    #[must_use]
    pub const fn act(heading: &'static str) -> Self {
        Self { heading, kind: Kind::Act }
    }

    fn word(self) -> &'static str {
        match self.kind {
            Kind::Text => "text",
            Kind::Line => "line",
            Kind::Wide => "wide",
            Kind::Number => "number",
            Kind::Act => "act",
        }
    }

    fn heading(self) -> impl IntoView {
        let seen = match self.kind {
            Kind::Act => view! { <span class="visually_hidden">{self.heading}</span> }.into_any(),
            _ => self.heading.into_any(),
        };
        view! {
            <th role="columnheader" scope="col" data-kind=self.word()>
                {seen}
            </th>
        }
    }

    fn cell(self, content: AnyView) -> impl IntoView {
        let label = (self.kind != Kind::Act).then_some(self.heading);
        view! {
            <td role="cell" data-kind=self.word() data-label=label>
                {content}
            </td>
        }
    }
}

/// A row: the cell that names it, and the others, one for each further column.
#[derive(Debug)]
pub struct Row {
    name: AnyView,
    cells: Vec<AnyView>,
    is_quiet: bool,
}

impl Row {
    /// Named by this.
    pub fn named(name: impl IntoView + 'static) -> Self {
        Self { name: name.into_any(), cells: Vec::new(), is_quiet: false }
    }

    /// With a further cell.
    #[must_use]
    pub fn cell(mut self, content: impl IntoView + 'static) -> Self {
        self.cells.push(content.into_any());
        self
    }

    /// In a quieter ink: what is over.
    #[must_use]
    pub fn quiet(self, is_quiet: bool) -> Self {
        Self { is_quiet, ..self }
    }

    fn show(self, columns: &[Column]) -> impl IntoView + use<> {
        let (first, others) = columns.split_first().map_or(("text", &[][..]), |(first, others)| (first.word(), others));
        let cells = others.iter().zip(self.cells).map(|(column, content)| column.cell(content)).collect_view();
        view! {
            <tr role="row" data-quiet=self.is_quiet>
                <th role="rowheader" scope="row" data-kind=first>
                    {self.name}
                </th>
                {cells}
            </tr>
        }
    }
}

/// A text of somebody's, when there is any: an empty cell stays empty.
#[must_use]
pub fn stated(text: String) -> Option<AnyView> {
    (!text.is_empty()).then(|| view! { <bdi>{text}</bdi> }.into_any())
}

/// A table.
#[component]
pub fn DataTable(
    /// The id of its caption.
    id: &'static str,
    /// What it shows, in a few words.
    #[prop(into)]
    caption: String,
    /// Its columns; the first one names the rows.
    columns: Vec<Column>,
    /// Its rows, in order.
    rows: Vec<Row>,
) -> impl IntoView {
    let headings = columns.iter().map(|column| column.heading()).collect_view();
    let rows = rows.into_iter().map(|row| row.show(&columns)).collect_view();
    view! {
        <div class="data_table" role="region" aria-labelledby=id tabindex="0">
            <table role="table">
                <caption id=id>
                    <span>{caption}</span>
                </caption>
                <thead role="rowgroup">
                    <tr role="row">{headings}</tr>
                </thead>
                <tbody role="rowgroup">{rows}</tbody>
            </table>
        </div>
    }
}

/// The ways to the first and to the next page of a table, as far as there are any.
#[component]
pub fn Pages(
    /// What the pages are of.
    label: &'static str,
    /// Words and address of the first page.
    first: Option<(&'static str, String)>,
    /// Words and address of the next one.
    next: Option<(&'static str, String)>,
) -> impl IntoView {
    let first = first.map(|(words, href)| {
        view! {
            <a class="button" href=href>
                {words}
            </a>
        }
    });
    let next = next.map(|(words, href)| {
        view! {
            <a class="button" href=href>
                {words}
                <Icon name="next" turns=true/>
            </a>
        }
    });
    let any = first.is_some() || next.is_some();
    any.then(|| {
        view! {
            <nav class="cluster" aria-label=label>
                {first}
                {next}
            </nav>
        }
    })
}

/// What stands where a table would be when nothing matches its filters.
#[component]
pub fn NoRows(
    /// The icon of what is looked for.
    icon: &'static str,
    /// In two words.
    title: &'static str,
    /// In a sentence.
    words: &'static str,
    /// The same without filters.
    all: &'static str,
) -> impl IntoView {
    view! {
        <div class="empty_state">
            <Icon name=icon/>
            <h2>{title}</h2>
            <p>{words}</p>
            <a class="button" href=all>
                "Clear the filters"
            </a>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{Column, DataTable, Row};
    use leptos::prelude::*;

    #[test]
    fn a_row_is_named_by_its_first_cell_and_every_other_cell_says_what_it_is() {
        let html = Owner::new().with(|| {
            let columns = vec![Column::text("Name"), Column::line("Role"), Column::act("What can be done")];
            let rows = vec![Row::named("Asha").cell("Member").cell("End").quiet(true)];
            view! { <DataTable id="people" caption="People" columns rows/> }.to_html()
        });
        for expected in [
            r#"aria-labelledby="people""#,
            r#"<th role="columnheader" scope="col" data-kind="text">Name"#,
            r#"<th role="rowheader" scope="row" data-kind="text">Asha"#,
            r#"<td role="cell" data-kind="line" data-label="Role">Member"#,
            r#"<td role="cell" data-kind="act">End"#,
            r#"<tr role="row" data-quiet>"#,
        ] {
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
    }
}
