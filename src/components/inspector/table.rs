//! The rows. Only those near the visible ones are rendered.

use super::log::Row;
use crate::components::diagnostics::clock;
use crate::components::hooks::use_window;
use crate::words::inspector as texts;
use sentinelops_realtime::List;
use std::rc::Rc;
use web_sys::Element;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(super) struct TableProps {
    /// Newest first.
    pub rows: List<Rc<Row>>,
    pub selected: Option<u64>,
    pub on_select: Callback<Rc<Row>>,
}

/// A grid: one tab stop, in which the arrow keys select.
#[component]
pub(super) fn Table(props: &TableProps) -> Html {
    let TableProps { rows, selected, on_select } = props;
    let window = use_window(rows.len(), "inspector");
    let visible = rows.get(window.range.clone()).unwrap_or_default();
    let place = selected.and_then(|number| rows.iter().position(|row| row.number == number));
    let onkeydown = {
        let (rows, on_select, scroller, holder) =
            (rows.clone(), on_select.clone(), window.scroller.clone(), window.holder.clone());
        move |event: KeyboardEvent| {
            let last = rows.len().saturating_sub(1);
            let next = match (&*event.key(), place) {
                ("ArrowDown", None) | ("Home", _) => 0,
                ("ArrowDown", Some(at)) => (at + 1).min(last),
                ("ArrowUp", at) => at.unwrap_or(0).saturating_sub(1),
                ("End", _) => last,
                _ => return,
            };
            event.prevent_default();
            if let Some(row) = rows.get(next) {
                on_select.emit(row.clone());
                show(&scroller, &holder, next);
            }
        }
    };
    let line = |(at, row): (usize, &Rc<Row>)| {
        let (number, is_selected) = (row.number, *selected == Some(row.number));
        html! {
            <Line key={number} row={row.clone()} place={window.range.start + at} {is_selected} on_select={on_select.clone()} />
        }
    };
    let active = place.filter(|at| window.range.contains(at)).and(*selected).map(row_id);
    html! {
        <div class="inspect__table" ref={window.scroller.clone()} tabindex="0" role="grid" aria-label={texts::TITLE} {onkeydown}
            aria-rowcount={(rows.len() + 1).to_string()} aria-activedescendant={active} data-testid="inspector-table">
            <div class="inspect__row inspect__row--head" role="row" aria-rowindex="1">
                { for texts::COLUMNS.iter().map(|name| html! { <span key={*name} role="columnheader">{ *name }</span> }) }
            </div>
            <div ref={window.holder.clone()} role="rowgroup">
                { for visible.iter().enumerate().map(line) }
            </div>
        </div>
    }
}

fn row_id(number: u64) -> String {
    format!("inspector-row-{number}")
}

/// Scrolls as little as shows the row below the heading.
fn show(scroller: &NodeRef, holder: &NodeRef, at: usize) {
    let Some((scroller, holder)) = scroller.cast::<Element>().zip(holder.cast::<Element>()) else { return };
    let height = holder.first_element_child().map_or(0, |row| row.client_height());
    let top = i32::try_from(at).unwrap_or(i32::MAX).saturating_mul(height);
    let room = scroller.client_height() - height;
    if top < scroller.scroll_top() {
        scroller.set_scroll_top(top);
    } else if top + height > scroller.scroll_top() + room {
        scroller.set_scroll_top(top + height - room);
    }
}

#[derive(Properties, PartialEq)]
struct LineProps {
    row: Rc<Row>,
    place: usize,
    is_selected: bool,
    on_select: Callback<Rc<Row>>,
}

#[component]
fn Line(props: &LineProps) -> Html {
    let row = &props.row;
    let onclick = {
        let row = row.clone();
        props.on_select.reform(move |_: MouseEvent| row.clone())
    };
    let unknown = || texts::UNKNOWN.to_owned();
    let cells = [
        clock(row.at),
        row.way().to_owned(),
        row.channel().to_owned(),
        row.kind().to_owned(),
        Some(row.id().to_owned()).filter(|id| !id.is_empty()).unwrap_or_else(unknown),
        row.seq().map_or_else(unknown, |seq| seq.to_string()),
        row.bytes().map_or_else(unknown, |bytes| bytes.to_string()),
        row.state().to_owned(),
    ];
    html! {
        <div class="inspect__row" id={row_id(row.number)} role="row" aria-rowindex={(props.place + 2).to_string()}
            aria-selected={props.is_selected.to_string()} {onclick} data-testid="inspector-row"
            data-way={row.way()} data-message-id={row.id().to_owned()}>
            { for cells.into_iter().zip(texts::COLUMNS).map(|(text, name)| html! {
                <span key={name} role="gridcell" title={text.clone()} data-cell={name}>{ text }</span>
            }) }
        </div>
    }
}
