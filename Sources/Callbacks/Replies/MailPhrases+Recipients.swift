extension MailPhrases {
    /// Phrases that hold a shorter one of another cause.
    static let longer =
        phrases(.noMail, "mx or srv record indicated no smtp service | Exim, mail.ru")
        + phrases(
            .rate,
            """
            too many invalid recipient* | Cox (about the sender)
            too many invalid user* | Barracuda (about the sender)
            too many unknown user* | Exim, Postfix policy servers (about the sender)
            too many unknown recipient* | Exim (about the sender)
            """)
        + phrases(
            .noMailbox, "5.4.1 * recipient address rejected: access denied | Exchange Online (no such address in its directory)")
        + phrases(.network, "does not accept email over ipv6 | Exchange Online")
        + phrases(.disabled, "mailbox unavailable or access den* | QQ (closed, or our address is refused)")
        + phrases(.noDomain, "couldn't find a mail exchanger or ip address | qmail 5.4.4")
        + phrases(
            .full,
            """
            mailbox * too many messages | Dovecot, Courier
            user has too many messages | Comcast
            """)
        + phrases(
            .noMailbox, isCertainAfterData: true,
            """
            not listed in * directory | Domino
            not listed in * address book | Notes
            """)

    /// Before anything about us: "mailbox full" stands beside words about blocking and sizes.
    static let mailboxesFirst = phrases(
        .full,
        """
        mailbox full | sendmail, Postfix, Exchange
        mailbox is full | T-Online, GMX, Dovecot
        mail box full | 163
        mailbox too large | SurgeMail
        mailfolder is full | Domino, AOL
        inbox is full | Gmail 5.2.2
        box is full | Telenor
        over quota | Courier, Cyrus, Gmail 5.2.2, Yahoo
        overquota | mail.ru, Courier
        over its quota | GroupWise
        out of storage | Gmail 5.2.2
        quota exceeded | Dovecot, Exchange, Cyrus
        quota exceed* | Zarafa, vpopmail
        exceeded * quota | Exim, iPlanet, Zoho
        exceed * quota | Postfix with quota
        quotaexceeded | Exchange (STOREDRV)
        mailboxfull | Exchange (STOREDRV)
        exceeded storage | MailEnable, BlackBerry
        storage limit | Hotmail, Exchange
        insufficient storage | Hotmail 5.2.2
        insufficient disk space | Exim, MDaemon
        disc quota | Courier on BSD
        no space left | Postfix
        maildir * exceed* | Postfix with VDA
        mailbox size | Postfix virtual, hMailServer
        mailbox * exceed* | BIGLOBE, Comcast
        file too large | Postfix, dma
        not enough disk space | sendmail milters, iPlanet
        not enough free space | qmail with quota
        """)

    /// About a mailbox that is there.
    static let mailboxes =
        phrases(
            .greylisted,
            """
            greylist* | Postgrey, Exim, spamd
            graylist* | SmarterMail
            grey-list* | Courier
            grey list* | milter-greylist
            temporarily locked | Amazon SES users
            temporary locked | Amazon SES users
            """)
        + phrases(
            .disabled,
            """
            disabled | Gmail 5.2.1, Yahoo #102, mail.ru
            discontinued | Yahoo #102
            deactivated | Postfix users
            suspended | Yandex, cPanel
            frozen | i.ua
            inactive user | Yandex
            is inactive | Gmail 5.2.1
            inactive account | SmarterMail
            account inactive | Comcast
            not active | T-Mobile, IceWarp
            locked | AOL, mail.ru
            account closed | Bellsouth
            account expired | Hotmail
            destinataire est bloque | La Poste LPN007_426
            is not accepting | AOL, Facebook, Verizon
            not currently accepting | AOL
            account is unavailable | Comcast
            mail is disabled | Sun Messaging Server
            """)
        + phrases(
            .recipientRefuses,
            """
            refuses to accept | docomo
            is not a registered gateway user | X.400 gateways (may not use this way)
            550 : user unknown | KDDI, for a recipient's filter: no address between the two
            550: : user unknown | KDDI, as quoted by Yahoo
            refused by recipient | iPlanet
            recipient address rejected: access denied | Postfix (its list of recipients that get no mail)
            recipient preferences | Facebook RCP-P2
            does not wish to | web.de
            does not want to receive | QQ
            not a member | Mailman, Google Groups
            members only | ezmlm
            delivery not authorized | iPlanet 5.7.1
            not authorized | Domino, iPlanet
            not permitted | Google Groups, Exim
            """)

    /// The address is dead. Each needs a subject (user, mailbox, domain …): "does not exist" alone may be about anything.
    static let dead =
        phrases(
            .moved,
            """
            has moved | sendmail 551
            no longer on server | Apple 5.1.6
            not our customer | sendmail 551
            not our user | sendmail 551
            user not local | RFC 5321 (551)
            no forwarding address | sendmail
            """)
        + phrases(
            .noMail,
            """
            does not accept mail | RFC 7505, Postfix 5.1.10, sendmail 5.7.27, Sun Messaging Server 5.1.10
            does not accept email | OpenSMTPD
            null mx | RFC 7505, Gmail
            nullmx | Postfix 5.1.10
            doesn't receive email | Gmail
            """)
        + phrases(.noDomain, isCertainAfterData: true, domains)
        + phrases(.noDomain, everydayDomains)
        + phrases(.noMailbox, isCertainAfterData: true, certain)
        + phrases(.noMailbox, mailboxesGone)

    /// Of a relay about the recipient's domain, in words that no server has for a sender's.
    private static let domains = """
        host or domain name not found | Postfix 5.4.4
        couldn't find any host | qmail 5.1.2
        couldn't find a mail exchanger | qmail 5.1.2, 5.4.4
        unrouteable mail domain | Exim
        unrouteable address | Exim
        bad destination host | PowerMTA 5.1.2
        bad destination system | RFC 3463
        lookup failure: host * not found | dma
        domain is not reachable | Hotmail
        illegal host/domain name | Sun Messaging Server 5.4.4
        5.4.4 invalid domain | Amazon SES
        domain * couldn't be found | Gmail (address not found)
        """

    /// At RCPT servers say these of the sender's domain, and of the host that speaks to them, too: there they need a code.
    private static let everydayDomains = """
        host unknown | sendmail 5.1.2
        unknown host | MailEnable, dma
        unknown domain | IceWarp, hMailServer
        domain not found | Exim, IceWarp
        no such domain | Courier, vpopmail
        domain name not found | Gmail
        domain does not exist | hMailServer, Cisco
        domain doesn't exist | Zoho
        domain * does not exist | Exchange Online 5.4.310
        no mx record found for domain | Yahoo
        nxdomain | Gmail, PowerMTA
        host not found | Postfix, OpenSMTPD, dma
        name or service not known | nullmailer
        no mx found | OpenSMTPD
        no such host | Courier, Go programs
        """

    /// Of a server about its own directory, or with a mark that no filter writes: certain wherever it stands.
    private static let certain = """
        delivery error: dd * doesn't have a * account | Yahoo
        delivery error: dd * doesn't have an account | Yahoo
        recipnotfound | Exchange (RESOLVER.ADR)
        recipientnotfound | Exchange (RESOLVER.ADR)
        mailbox not found | Yahoo, AOL (552 1), Dovecot
        destinataire invalide | Orange OFR_416, La Poste LPN007_416
        unknown or illegal user | Sun Messaging Server
        unknown or illegal alias | Sun Messaging Server
        user not listed | Notes
        user * not listed | Notes, Domino
        user is not listed | Notes
        invalid final delivery userid | IMail
        no valid recipients for this mm | Verizon
        recipient name is not recognized | Exchange 5.5
        name was not recognized | Exchange 5.5
        name was not recognised | Exchange 2003
        unknown user: | IMail, sendmail's mail.local
        ディレクトリには見つかりません* | Domino (not found in the directory)
        ディレクトリのリストにありません* | Notes (not in the list of the directory)
        """

    /// Everyday words. Filters that took the message first write them, too: alone they are certain at RCPT only.
    private static let mailboxesGone = """
        user doesn't have a * account | Yahoo
        user doesn't have an account | Yahoo
        user unknown | sendmail, Postfix
        unknown user | CommuniGate, docomo, Postfix
        user not known | Mirapoint, Yahoo Japan
        user is unknown | Cyrus
        user * is unknown | Cyrus, Zimbra
        user unkown | KDDI (so spelt)
        unknown local user | Exim
        unknown local part | Exim
        unknown local-part | Exim
        no such user | Exim, qmail, Gmail, MailEnable
        no such mailbox | Mirapoint, Zoho
        no such recipient | Courier, Mirapoint
        no such person | Exim, 1&1
        no such account | SurgeMail
        no such address | vpopmail, Mailgun
        no such local user | Sun Messaging Server
        no mailbox here by that name | qmail
        no mailbox by that name | vpopmail
        no mailbox here | vpopmail
        no account by that name | Exim
        mailbox unavailable | RFC 5321 (550), Outlook.com 5.5.0, GMX
        mailbox not available | RFC 5321 (550)
        mailbox unknown | Exim
        unknown mailbox | GroupWise
        mailbox does not exist | Amazon SES receiving, Dovecot
        mailbox * does not exist | IceWarp
        mailbox doesn't exist | Dovecot
        mailbox * doesn't exist | Zoho
        mailbox * not found | Dovecot, Comcast
        invalid mailbox | Mailgun, mail.ru
        non-existent mailbox | NetEase
        user not found | Yandex, QQ, MDaemon, mail.ru
        user * not found | Domino, Comcast
        user does not exist | Rackspace, Dovecot
        user * does not exist | Kerio, 163
        user doesn't exist | Dovecot
        user * doesn't exist | Dovecot
        user not exist* | Sina, 163
        invalid user | Tencent, Rediff
        no valid user | Facebook
        is not a known user | CommuniGate
        is not a valid user | Zimbra
        is not a valid mailbox | hMailServer
        recipient unknown | Exim, iPlanet
        unknown recipient* | Exchange Online 5.1.351, hMailServer
        recipient not found | Yandex, Exchange
        recipient * not found | Exchange Online
        recipient does not exist | Exim, SmarterMail
        recipient * does not exist | SmarterMail
        recipient doesn't exist | Exim
        recipient not exist* | 163
        invalid recipient* | Exchange, Orange OFR_416, bigfoot, Barracuda
        recipient is unknown | Trend Micro
        recipient * is not valid | Exchange 2007
        not a valid recipient | Barracuda
        recipient address rejected: undeliverable address | Postfix address verification
        address unknown | Exim, Strato
        address not found | Gmail, Zoho
        address * not found | Gmail
        address does not exist | Exim, Zoho
        address * does not exist | IceWarp
        address doesn't exist | Zoho
        address no longer | AT&T, Comcast (valid, exists)
        no longer exists | Exim, Exchange
        addressee unknown | Mercury
        inactive email address | Apple 5.1.1
        bad destination mailbox address | RFC 3463, Exchange 5.1.1, PowerMTA
        invalid address | Zoho, Kerio
        invalid email address | Yahoo, Rackspace
        not a valid email | Mailgun
        address * couldn't be found | Gmail
        address you entered couldn't be found | Exchange 2007, Exchange Online
        account does not exist | Exchange 2003, Zimbra
        account * does not exist | Gmail 5.1.1
        account doesn't exist | Zoho
        account not found | Yandex, MailEnable
        account unknown | SmarterMail
        invalid account | Rediff
        unknown account | Exim
        couldn't be found at | Exchange Online
        wasn't found at | Exchange Online
        couldn't be found | Exchange 2010, Gmail
        not found by smtp address lookup | Exchange Online 5.1.10
        empfänger unbekannt | T-Online
        unbekannter empfänger | Kerio
        utilisateur inconnu | Free
        usuario desconocido | Telefónica
        no existe ese usuario | Spanish servers (Sisimai's collection)
        no existe dicha persona | Spanish servers (Sisimai's collection)
        nessun utente simile in questo indirizzo | Italian servers (Sisimai's collection)
        there is no one at this address | Sisimai's collection
        no mailbox found | Sisimai's collection
        mailbox not present | Sisimai's collection
        not present in directory | Sisimai's collection
        destination addresses were unknown | Sisimai's collection
        unknown virtual user | vdeliver (maildrop)
        email address * no longer valid | Sisimai's collection
        """
}
