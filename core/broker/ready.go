package broker

// Ready returns nil when a message can be published now, or why not:
// ErrUnavailable, together with ErrBlocked when the broker is there and says
// itself that it takes nothing, or ErrClosed. It touches no network. An adapter
// without a server behind it is ready while it is open.
func (b *Broker) Ready() error {
	if b.isClosed() {
		return ErrClosed
	}
	if d, ok := b.driver.(interface{ Ready() error }); ok {
		return d.Ready()
	}
	return nil
}
