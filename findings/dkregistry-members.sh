#!/usr/bin/env bash
# The crate dkregistry unpacks a layer that is two gzip members, cut between two tar members.
# Guess: both files are unpacked, or it returns an error.
# Seen: the first file alone is unpacked, and it returns Ok. Its gzip reader stops after a member.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cargo init --quiet --vcs none --name pull pull
cd pull
cargo add --quiet dkregistry@=0.5.0 --no-default-features --features reqwest-rustls
cat > src/main.rs <<'R'
fn main() {
    let layer = std::fs::read("layer").unwrap();
    let folder = std::path::Path::new("/").join(std::env::args().nth(1).unwrap());
    println!("{:?}", dkregistry::render::unpack(&[layer], &folder));
}
R
cd ..
mkdir root
touch one two
tar -cf all.tar one two
{ head -c 512 all.tar | gzip -n; tail -c +513 all.tar | gzip -n; } > layer
said=$(CARGO_TARGET_DIR=$folder/target cargo run --quiet --manifest-path pull/Cargo.toml -- "$folder/root")
seen="$said $(ls root)"
version='dkregistry 0.5.0'
expected='Ok(()) one two'
known='Ok(()) one'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
