#!/bin/sh
# Runs once, when the data folder is empty: a role and a database of its own for
# each service, which may do everything in it and nothing elsewhere.
set -eu
for name in status deadletter; do
    password=$(cat "/etc/studycast/passwords/$name")
    psql -v ON_ERROR_STOP=1 -v name="$name" -v password="$password" --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
done
