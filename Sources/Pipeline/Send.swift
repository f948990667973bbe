/// Send: hands what was admitted to the very provider queue at which Admit reserved its place. From there it leaves as places and rate allow
/// (`ProviderQueue`), and its answer comes to Record.
///
/// The provider may have been replaced since: the former queue then answers that nothing was sent, and its place is counted once.
struct Send: Sendable {
    func run(_ admitted: [Admit.Admitted]) {
        for group in Dictionary(grouping: admitted, by: { ObjectIdentifier($0.providerQueue) }).values {
            group[0].providerQueue.enqueue(group)
        }
    }
}
