import Domain
import NIOCore

extension SMTPSession {
    enum Action: Equatable, Sendable {
        case write(ByteBuffer)
        /// Then `contentWritten()`, once every byte has been taken by the system. A follower may be written behind it.
        case writeContent(ByteBuffer)
        case startTLS
        /// The connection may take a transaction.
        case ready
        /// The transaction's end. `isConfiguration`: the provider's policy is at fault.
        case finish(Outcome, isConfiguration: Bool)
        /// The server had closed a reused connection before it saw the transaction: it may start anew elsewhere.
        case notBegun(Failure)
        /// The follower is the transaction under way now.
        case followed
        /// The connection ended before the follower's turn: it may start anew elsewhere.
        case followerNotBegun(Failure)
        /// The connection never became usable.
        case fail(SetupFailure)
        case close
    }
    enum State: Equatable, Sendable {
        case greeting, ehlo, helo, startTLS, handshake, authentication, idle
        case envelope, content, final
        /// The empty message that ends a DATA that the server should have refused; the refusal stands.
        case emptyFinal
        case resetting, quitting, closed
    }
    enum Step: Sendable, CaseIterable { case mail, recipient, data }
}
