mod changes;
mod golden;
mod layers;
mod members;
mod outlets;
mod readers;
mod spooling;
mod trees;
