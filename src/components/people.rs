//! Names for ids. The wire names people by id; people read names.

use sentinelops_protocol::sort::sort_by;
use sentinelops_realtime::use_agents;
use std::collections::BTreeMap;
use std::rc::Rc;
use yew::prelude::*;

/// The names known, by agent id. Equal when the names are, so a change of presence renders no name again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names(Rc<BTreeMap<String, AttrValue>>);

impl Names {
    /// The name of an id; the id itself when no name is known.
    pub fn of(&self, id: &str) -> AttrValue {
        self.0.get(id).cloned().unwrap_or_else(|| id.to_owned().into())
    }

    /// The name of an id, where one is known.
    pub fn get(&self, id: &str) -> Option<&AttrValue> {
        self.0.get(id)
    }

    /// Id and name of everybody, by name.
    pub fn by_name(&self) -> Vec<(String, AttrValue)> {
        let mut all: Vec<_> = self.0.iter().map(|(id, name)| (id.clone(), name.clone())).collect();
        sort_by(&mut all, |a, b| a.1.cmp(&b.1));
        all
    }
}

#[cfg(test)]
impl<'a> FromIterator<(&'a str, &'static str)> for Names {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'static str)>>(all: I) -> Self {
        Self(Rc::new(all.into_iter().map(|(id, name)| (id.to_owned(), name.into())).collect()))
    }
}

/// See [`People`].
#[derive(Properties, PartialEq)]
pub struct PeopleProps {
    /// Who wants to know names.
    pub children: Html,
}

/// Gives [`Names`] to everything below.
#[component]
pub fn People(props: &PeopleProps) -> Html {
    let agents = use_agents().items;
    let names = use_memo(agents, |agents| {
        let name = |agent: &sentinelops_protocol::domain::AgentStatus| {
            AttrValue::from(agent.name.clone().unwrap_or_else(|| agent.agent_id.clone()))
        };
        let mut names = BTreeMap::new();
        names.extend(agents.iter().map(|agent| (agent.agent_id.clone(), name(agent))));
        Names(Rc::new(names))
    });
    html! { <ContextProvider<Names> context={(*names).clone()}>{ props.children.clone() }</ContextProvider<Names>> }
}

/// See [`PersonName`].
#[derive(Properties, PartialEq)]
pub struct PersonNameProps {
    /// Whose.
    pub id: AttrValue,
}

/// A name, or the id while none is known.
#[component]
pub fn PersonName(props: &PersonNameProps) -> Html {
    let names = use_context::<Names>().unwrap_or_default();
    html! { <span title={props.id.clone()}>{ names.of(&props.id) }</span> }
}
