//! A folder that cannot be used: in use, damaged, or written by a newer version.

use super::refused;
use crate::support::{Folder, Program};
use std::io::{Seek, SeekFrom, Write};

#[tokio::test]
async fn a_second_process_on_the_folder_exits_2_and_names_the_first() {
    let folder = Folder::new("lock");
    let data = folder.path("data");
    let program = Program::start(&["--rate", "0", "--data", &data]).await;
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 2, "{text}");
    let holder = program.child.id().expect("it runs").to_string();
    assert!(text.contains(&holder) && text.contains("--data"), "{text}");
}

#[tokio::test]
async fn a_damaged_file_is_named_with_a_way_out() {
    let folder = Folder::new("damaged");
    let data = folder.path("data");
    let mut program = Program::start(&["--rate", "0", "--data", &data]).await;
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    let path = folder.0.join("data/gateway.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(path).expect("the database");
    file.seek(SeekFrom::Start(0)).expect("its start");
    file.write_all(&[7; 8192]).expect("written");
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 1);
    assert!(text.contains("gateway.db is damaged") && text.contains("restore a backup"), "{text}");
}

#[tokio::test]
async fn a_file_of_a_newer_version_is_left_alone() {
    let folder = Folder::new("newer");
    let data = folder.path("data");
    let mut program = Program::start(&["--rate", "0", "--data", &data]).await;
    program.signal("-TERM").await;
    assert_eq!(program.ended().await, 0);
    let path = folder.0.join("data/gateway.db");
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("the database");
    // `user_version` in the header of the file.
    file.seek(SeekFrom::Start(60)).expect("its header");
    file.write_all(&99_u32.to_be_bytes()).expect("written");
    let before = std::fs::read(&path).expect("the database");
    let (code, text) = refused(&["--data", &data]).await;
    assert_eq!(code, 1);
    assert!(text.contains("newer gateway (layout 99") && text.contains("start that version"), "{text}");
    assert_eq!(std::fs::read(&path).expect("the database"), before);
}
