#!/bin/sh
# Fills the password hashes of a definitions file:
#
#   set-passwords.sh DEFINITIONS FOLDER OUT
#
# FOLDER holds a file for each user of DEFINITIONS, of the user's name, with the
# password; a line end behind it does not count. Nobody gets in by password whose
# file is empty. OUT gets the definitions with the hashes, never the passwords,
# and is readable to its owner and group only. Every file is read before OUT
# changes, so an error leaves it as it was. It takes a POSIX shell, sed, od,
# base64, head and sha256sum: what each RabbitMQ image has.
set -eu
umask 027
[ $# = 3 ] || { echo "usage: set-passwords.sh DEFINITIONS FOLDER OUT" >&2; exit 2; }
definitions=$1 folder=$2 out=$3

fail() { echo "set-passwords.sh: $1" >&2; exit 1; }

# bytes turns hexadecimal digits into what they stand for.
bytes() {
	digits=$1
	while [ -n "$digits" ]; do
		rest=${digits#??}
		printf '%b' "\\0$(printf '%03o' "0x${digits%"$rest"}")"
		digits=$rest
	done
}

# hash prints what the server keeps of a password: base64 of four random bytes
# and of the SHA-256 of these with the password.
hash() {
	salt=$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n')
	sum=$({ bytes "$salt"; printf '%s' "$1"; } | sha256sum)
	bytes "$salt${sum%% *}" | base64 | tr -d '\n'
}

# Users are the names above an empty hash.
users=$(sed -n '/"name":/h; /"password_hash": ""/{x; s/.*"name": "\([^"]*\)".*/\1/p;}' "$definitions")
[ -n "$users" ] || fail "$definitions has no user with an empty password_hash"

script=
for user in $users; do
	[ -f "$folder/$user" ] || fail "$folder/$user is missing: it holds the password of the user $user, or nothing when there is none"
	password=$(cat "$folder/$user")
	[ -n "$password" ] || continue
	[ "${#password}" -ge 16 ] || fail "$folder/$user: use a password of 16 characters or more, such as openssl rand -hex 32 makes"
	script="$script
/\"name\": \"$user\"/,/\"password_hash\": \"\"/s|\"password_hash\": \"\"|\"password_hash\": \"$(hash "$password")\"|"
done

sed "$script" "$definitions" >"$out.new"
mv "$out.new" "$out"
