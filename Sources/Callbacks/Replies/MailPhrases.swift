/// The table of phrases, in order of trust: a phrase further up wins. So what speaks against a dead mailbox stands before what speaks for one.
///
/// Each line is a phrase (`MailPhrase`) and the servers and providers that say it, as seen in their bounces and manuals.
enum MailPhrases {
    static let all: [MailPhrase] = longer + rates + mailboxesFirst + ours + contents + mailboxes + networks + dead + vague

    /// What the words say; nil: nothing that is known.
    static func first(in text: [UInt8]) -> MailPhrase? {
        let index = MailPhrase.index(text)
        return all.first { $0.mayMatch(index) && $0.matches(text) }
    }

    static func phrases(_ cause: MailCause, isCertainAfterData: Bool = false, _ table: String) -> [MailPhrase] {
        table.split(separator: "\n").map { line in
            let columns = line.split(separator: "|", maxSplits: 1)
            return MailPhrase(
                cause, String(columns[0].trimmed), String(columns[columns.count - 1].trimmed),
                isCertainAfterData: isCertainAfterData)
        }
    }

    /// The recipient's before ours: "receiving mail at a rate" is no word about our own speed.
    private static let rates =
        phrases(
            .recipientRate,
            """
            is receiving mail | Gmail 4.2.1 (too quickly, at a rate that …)
            recipient has exceeded their limit for the number of messages | Exchange Online 5.2.122
            mailbox * receiving too many | Exchange Online 4.3.2 (STOREDRV)
            per mailbox limit | QQ
            received too much mail | Google Groups
            """)
        + phrases(
            .dailyQuota,
            """
            daily quota | Amazon SES
            daily message quota | Amazon SES
            daily sending quota | Amazon SES, SMTP2GO
            sending quota exceeded | Amazon SES
            daily user sending | Gmail 5.4.5
            daily sending limit* | Gmail, Zoho, Google Workspace
            daily smtp relay | Google Workspace 5.7.1
            daily email limit | cPanel hosts
            mi:stc | 163 (more mails of this sender than it takes in a day)
            """)
        + phrases(
            .rate,
            """
            sending rate | Amazon SES, Gmail
            rate limit* | Gmail 4.7.28, Microsoft RP-001, Postfix policy servers
            rate-limit* | Fastmail, Cloudflare
            ratelimit* | Exim, cPanel
            too many messages | AOL, Comcast, Exim
            too many connections | Postfix, Exchange, Exim
            too many concurrent | Exim, Yandex, Exchange
            too many sessions | Comcast
            too many emails | Orange, Free
            too many mails | 163, GMX
            sent to too many recipients | GoDaddy IB607
            too fast | Orange, La Poste
            throttl* | Amazon SES, Microsoft, Mimecast
            unusual rate | Gmail 4.7.28
            unexpected volume | Yahoo TSS04
            excessive rate | AT&T
            frequency limit* | QQ
            connection frequency | QQ
            messages per hour | Exim, hMailServer
            emails per hour | cPanel
            max defers and failures per hour | cPanel
            message rate | Cisco, Exchange 5.7.236
            connection rate | sendmail
            exceeded the rate | Yandex
            exceeded the connection | AT&T
            maximum number of messages | Zoho
            submission rate | Exchange 4.4.2
            exceeded sending limit* | Exchange Online 5.1.90
            sent too many | Exchange Online, Zoho
            slow down | Orange, Yandex
            """)

    /// Says nothing: sendmail writes it below every other reason.
    private static let vague = phrases(
        .server,
        """
        service unavailable | sendmail, RFC 5321 (421, 554)
        service currently unavailable | SurfControl
        """)

    private static let networks =
        phrases(
            .expired,
            """
            message expired | Exchange Online 4.4.7, PowerMTA
            envelope expired | OpenSMTPD
            delivery expired | Cisco IronPort 5.4.7
            delivery time expired | Postfix 4.4.7
            retry timeout exceeded | Exim
            retry time not reached | Exim
            in the queue too long | qmail #4.4.7
            in queue too long | PowerMTA
            time for delivery * expired | Domino
            message timed out | sendmail, CommuniGate
            unable to deliver this message after | IceWarp
            could not be delivered for * days | sendmail
            not been delivered * days | MailEnable, nullmailer
            """)
        + phrases(
            .network,
            """
            connection timed out | Postfix, Exim, sendmail
            connection refused | Postfix, Exim, sendmail
            no route to host | Postfix
            network is unreachable | Postfix, Exim
            operation timed out | Postfix on BSD, dma
            could not connect | Exim, GroupWise
            couldn't connect | qmail
            cannot connect | Courier, MDaemon
            wasn't able to establish an smtp connection | qmail
            lost connection | Postfix
            connection died | qmail
            connection dropped | Exchange 4.4.2
            conversation with * timed out | Postfix
            too many hops | sendmail, Postfix
            hop count exceeded | Exchange 5.4.6, Domino
            routing loop | Domino
            mail loop | Courier, Postfix
            loops back to myself | Postfix, sendmail
            mail forwarding loop | Postfix
            loop detected | Exchange 5.4.14
            host not found, try again | Postfix 4.4.3
            host name lookup failure | sendmail 4.4.3
            temporary lookup failure | Postfix
            temporary dns | Courier, IronPort
            dns query failed | Exchange Online 5.4.312
            dns server failure | Zoho
            unexpected name server reply | Postfix 5.4.4
            failing for a long time | Exim (all hosts)
            non-existent hosts | Exim (all relevant MX records point to …)
            invalid mx record | Exim
            """)
        + phrases(
            .server,
            """
            local configuration error | sendmail 5.3.5
            ldap lookup fail* | Postfix, sendmail (it is not known whether the mailbox is there)
            lookup failed | Exim, Postfix
            database error | mail servers with users in SQL
            temporarily failed | Exim (verification of a recipient)
            internal server error | Exchange, Zoho
            internal system error | KDDI 5.3.5
            queue file write error | Postfix 4.3.0
            insufficient system storage | RFC 5321 (452), Postfix 4.3.1
            insufficient system resources | Exchange 4.3.1
            can't create output | sendmail 5.2.0
            couldn't create | procmail
            bad interpreter | sendmail (a user's program)
            lock failure | procmail
            command died | Postfix pipe
            local delivery failed | Exim
            child process * returned | Exim pipe
            """)
}
