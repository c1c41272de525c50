mod changes;
mod golden;
mod members;
mod outlets;
mod readers;
mod spooling;
mod trees;
