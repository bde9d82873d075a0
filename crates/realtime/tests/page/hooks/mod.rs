//! Provider and hooks in a real page, on the fake connection of the testing kit.

mod callbacks;
mod chat;
mod connection_status;
mod each;
mod feeds;
mod late;
mod leaks;
mod providers;
mod raw;
mod renders;
mod sends;
mod unload;
