package config

// Program is what the settings of a program differ in.
type Program struct {
	Name        string
	GRPCListen  string // default of GRPC_LISTEN
	AdminListen string // default of ADMIN_LISTEN
}

// The programs, each with ports of its own, so that all run on one machine as
// they are; and the process that holds everything.
var (
	Gateway     = Program{"gateway", "127.0.0.1:8081", "127.0.0.1:9090"}
	Status      = Program{"status", "127.0.0.1:7070", "127.0.0.1:9091"}
	DeadLetters = Program{"deadletter", "127.0.0.1:7072", "127.0.0.1:9092"}
	VideoWorker = Program{"video-worker", "127.0.0.1:7080", "127.0.0.1:9093"}
	AudioWorker = Program{"audio-worker", "127.0.0.1:7081", "127.0.0.1:9094"}
	Single      = Program{"serve", Gateway.GRPCListen, Gateway.AdminListen}
)

// Vars are the defaults of the program by the names that tags use.
func (p Program) Vars() map[string]string {
	return map[string]string{"grpc_listen": p.GRPCListen, "admin_listen": p.AdminListen}
}

// Common are the settings of every program.
type Common struct {
	Log
	Tracing
	GRPC
	Admin
}

// ForGateway are the settings of the gateway beside the common ones.
type ForGateway struct {
	Listen
	Limits
	Edge
	Sites
	StatusPeer
	DeadLetterPeer
	Folder
	Broker
	Artifacts
	Downloads
	Policies
	Sources
	Cast
}

// ForStatus are the settings of the status service beside the common ones.
type ForStatus struct {
	Folder
	Store
	Artifacts
	Policies
	Fairness
	Sharing
	Parking
}

// ForDeadLetters are the settings of the dead-letter service beside the common
// ones.
type ForDeadLetters struct {
	StatusPeer
	Folder
	Broker
	Store
	DeadLetterStore
	DeadLetterRetention
	Policies
}

// ForWorker are the settings of a worker beside the common ones.
type ForWorker struct {
	StatusPeer
	Folder
	Broker
	Artifacts
	Scratch
	Policies
	Workers
	Lesson
}

// ForSingle are the settings of the process that holds everything, beside the
// common ones.
type ForSingle struct {
	Listen
	Limits
	Edge
	Sites
	Downloads
	Data
	DeadLetterRetention
	Policies
	Fairness
	Sharing
	Parking
	Workers
	Lesson
}

// everything is one of each setting that any program has.
type everything struct {
	Common
	Listen
	Limits
	Edge
	Sites
	StatusPeer
	DeadLetterPeer
	Downloads
	Data
	DeadLetterRetention
	Policies
	Fairness
	Sharing
	Parking
	Workers
	Lesson
	Doctor
}

// Everything lists each setting that any program has.
func Everything() []Setting { return Settings(everything{}) }
