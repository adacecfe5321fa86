package config

// Doctor says what `studycast doctor` may ask besides the broker itself: a
// server tells its bindings and its limits to its operators only.
type Doctor struct {
	BrokerManagementURL string   `name:"broker-management-url" help:"Management API of RabbitMQ, which studycast doctor asks with the user of BROKER_URL for bindings; empty = port 15672 of the broker's host, or 15671 when the broker speaks TLS. Example: http://rabbit.example.org:15672" env:"BROKER_MANAGEMENT_URL"`
	RabbitMQCtl         []string `name:"rabbitmqctl" help:"Command that studycast doctor runs as rabbitmqctl, for what only the server's machine tells; words after spaces." env:"RABBITMQCTL" sep:" " default:"rabbitmqctl" placeholder:"docker exec rabbit rabbitmqctl"`
}

// Check checks the address.
func (d Doctor) Check() error {
	return checkURL("BROKER_MANAGEMENT_URL", d.BrokerManagementURL, "http://rabbit.example.org:15672")
}

// ForDoctor are the settings of `studycast doctor`: those of the programs that
// it examines.
type ForDoctor struct {
	TLS
	StatusPeer
	DeadLetterPeer
	Data
	Policies
	Lesson
	Doctor
}
