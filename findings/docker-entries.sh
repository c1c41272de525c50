#!/usr/bin/env bash
# The Python package docker reads the entries of config.json that docker login wrote. The entry that
# is asked for is good; another one has an empty auth, is null, or has a password in Latin 1.
# Guess: the entry that is asked for is found, as docker's and podman's programs find it.
# Seen: each of the three spoils the whole file: load_config fails, with words about Python's values
# in two of them, for every registry.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check docker==7.1.0
cat > read.py <<'P'
import json
import docker.auth
good = {'auth': 'YWxpY2U6c2VjcmV0'}
for name, other in [
    ('another good one', good),
    ('no member', {}),
    ('empty auth', {'auth': ''}),
    ('null', None),
    ('Latin 1', {'auth': 'YWxpY2U6c+ljcmV0'}),
]:
    with open('config.json', 'w') as file:
        json.dump({'auths': {'registry.example': good, 'other.example': other}}, file)
    try:
        config = docker.auth.load_config('config.json')
        found = docker.auth.resolve_authconfig(config, 'registry.example')
        print(f"{name}: {found and found['username']}")
    except Exception as problem:
        print(f'{name}: {type(problem).__name__}')
P
seen=$(venv/bin/python read.py)
version='docker 7.1.0'
expected='alice, whatever other entries are'
known='another good one: alice
no member: alice
empty auth: ValueError
null: InvalidConfigFile
Latin 1: UnicodeDecodeError'
printf 'version: %s\nexpected: %s\nseen: %s\n' "$version" "$expected" "$seen"
[ "$seen" = "$known" ]
