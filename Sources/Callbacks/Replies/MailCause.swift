import Domain

/// Why a mail server did not take a message, or did not deliver it. What follows from each is decided here and nowhere else.
package enum MailCause: String, Sendable, CaseIterable {
    // The address is dead.
    /// There is no such mailbox.
    case noMailbox
    /// The domain of the address does not exist.
    case noDomain
    /// The domain takes no mail (RFC 7505).
    case noMail
    /// The mailbox has gone elsewhere (RFC 5321, 251 and 551).
    case moved

    // The mailbox is there, or no word says that it is not.
    /// Closed, locked, suspended or not used any more: owners come back.
    case disabled
    case full
    /// More mail than this mailbox may get in a time.
    case recipientRate
    /// "Come again later" for this pair of sender and recipient.
    case greylisted
    /// The recipient, or a rule of the recipient's, does not want it.
    case recipientRefuses

    /// Our address, domain, DNS, IP or signature; being on a list; relaying that is not allowed to us.
    case sender
    /// What the message says or carries.
    case content
    case tooBig

    /// No connection, no route, a loop, a name server that does not answer.
    case network
    /// The time for delivery was over.
    case expired
    /// The server itself is broken or badly configured.
    case server

    /// We are too fast for this server.
    case rate
    /// What we may send in a day has been sent.
    case dailyQuota
    /// We said something that the server does not understand.
    case protocolError
    case unknown

    /// Who has to do something before it can work.
    package enum Blame: String, Sendable { case recipient, sender, content, network, us }

    package var blame: Blame {
        switch self {
        case .noMailbox, .noDomain, .noMail, .moved, .disabled, .full, .recipientRate, .greylisted, .recipientRefuses, .unknown:
            .recipient
        case .sender: .sender
        case .content, .tooBig: .content
        case .network, .expired, .server: .network
        case .rate, .dailyQuota, .protocolError: .us
        }
    }

    /// The address will not work later either. Only these suppress, and only where the code does not contradict them.
    package var isDead: Bool {
        switch self {
        case .noMailbox, .noDomain, .noMail, .moved: true
        default: false
        }
    }

    /// Another try may work, whatever the reply code says: people empty mailboxes, and rates are over in a while.
    package var passes: Bool {
        switch self {
        case .full, .recipientRate, .greylisted, .rate, .dailyQuota: true
        default: false
        }
    }

    /// The blame in receipts and metrics. A network that fails behind the provider is no fault of the provider: its circuit must not open
    /// because one recipient's server is away.
    package var failureBlame: Failure.Blame {
        switch (blame, self) {
        case (_, .server), (_, .rate), (_, .dailyQuota): .provider
        case (.recipient, _), (.network, _): .recipient
        case (.sender, _): .sender
        case (.content, _): .content
        case (.us, _): .martlet
        }
    }
}
