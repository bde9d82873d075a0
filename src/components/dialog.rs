//! A question over the page.

use wasm_bindgen::JsCast;
use web_sys::HtmlDialogElement;
use yew::prelude::*;

/// See [`Dialog`].
#[derive(Properties, PartialEq)]
pub struct DialogProps {
    /// Its heading and name.
    pub title: AttrValue,
    /// For tests, and for the ids inside it.
    pub name: AttrValue,
    /// It was closed: Escape, or a press beside it.
    pub on_close: Callback<()>,
    /// Its content.
    pub children: Html,
}

/// The browser's own modal dialog: the page behind it is out of reach, Escape closes it, and the focus goes back to
/// where it came from. It is there as long as it is rendered.
#[component]
pub fn Dialog(props: &DialogProps) -> Html {
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // It refuses only what is open already.
                let _ = dialog.show_modal();
            }
            move || {
                // Closed before it leaves the page: only then does the browser give the focus back.
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        });
    }
    let oncancel = {
        let on_close = props.on_close.clone();
        move |event: Event| {
            // Who shows it takes it away.
            event.prevent_default();
            on_close.emit(());
        }
    };
    // Only the backdrop belongs to the dialog itself: its content fills it.
    let beside = |event: &Event| event.target().is_some_and(|target| target.has_type::<HtmlDialogElement>());
    // The click of a press that began inside and ended beside it is the dialog's, too.
    let began_beside = use_mut_ref(|| false);
    let onpointerdown = {
        let began_beside = began_beside.clone();
        move |event: PointerEvent| *began_beside.borrow_mut() = beside(&event)
    };
    let onclick = {
        let on_close = props.on_close.clone();
        move |event: MouseEvent| {
            if *began_beside.borrow() && beside(&event) {
                on_close.emit(());
            }
        }
    };
    let title = format!("{}-title", props.name);
    html! {
        <dialog ref={node} class="dialog" aria-labelledby={title.clone()} {oncancel} {onpointerdown} {onclick} data-testid={format!("{}-dialog", props.name)}>
            <div class="dialog__body">
                <h2 id={title} class="dialog__title">{ &props.title }</h2>
                { props.children.clone() }
            </div>
        </dialog>
    }
}
