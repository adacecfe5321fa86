#!/bin/sh
# Runs once, when the data folder is empty: a role and a database of its own for
# each service, which may do everything in it and nothing elsewhere.
set -eu
own() {
    psql -v ON_ERROR_STOP=1 -v name="$1" -v password="$2" --username postgres --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE CONNECT, TEMPORARY ON DATABASE :"name" FROM PUBLIC;
SQL
}
own status "$POSTGRES_PASSWORD_STATUS"
own deadletter "$POSTGRES_PASSWORD_DEADLETTER"
