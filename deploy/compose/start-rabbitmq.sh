# Fills the passwords of the users in before the server starts: the entry point
# of the RabbitMQ containers.
umask 077
folder=/tmp/passwords
mkdir -p "$folder"
printf %s "$BROKER_PASSWORD_GATEWAY" >"$folder/gateway"
printf %s "$BROKER_PASSWORD_DEADLETTER" >"$folder/deadletter"
printf %s "$BROKER_PASSWORD_VIDEO_WORKER" >"$folder/video-worker"
printf %s "$BROKER_PASSWORD_AUDIO_WORKER" >"$folder/audio-worker"
printf %s "$BROKER_PASSWORD_DOCTOR" >"$folder/doctor"
sh /etc/studycast/set-passwords.sh /etc/studycast/definitions.json "$folder" /var/lib/rabbitmq-definitions/definitions.json
rm -r "$folder"
printf %s "$COOKIE" >/var/lib/rabbitmq/.erlang.cookie.new
mv /var/lib/rabbitmq/.erlang.cookie.new /var/lib/rabbitmq/.erlang.cookie
chmod 400 /var/lib/rabbitmq/.erlang.cookie
unset BROKER_PASSWORD_GATEWAY BROKER_PASSWORD_DEADLETTER BROKER_PASSWORD_VIDEO_WORKER BROKER_PASSWORD_AUDIO_WORKER BROKER_PASSWORD_DOCTOR COOKIE
exec docker-entrypoint.sh rabbitmq-server
