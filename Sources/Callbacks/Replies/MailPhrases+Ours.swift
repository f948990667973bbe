extension MailPhrases {
    /// About who sends: nothing that the recipient's address could help.
    static let ours =
        phrases(
            .sender,
            """
            sender domain | f. i. Exim and Postfix restrictions (does not exist, must resolve)
            domain of sender | sendmail 5.1.8
            sender address | Postfix 5.1.8, Exim, Exchange, GMX
            sender rejected | Cisco IronPort
            sender verify | Exim
            sender verification | Exim, Barracuda
            sender denied | Exchange 5.7.1
            sender not | Exchange 5.7.1 (authenticated)
            sender ip | Mimecast, Zoho
            sender is not | Exchange Online 5.7.x
            sender hostname | Exim
            sender does not | Exim (callout)
            sender has been | Trend Micro
            unknown sender | Exim, MDaemon
            sender user | Exim (callout)
            invalid sender | IceWarp, MDaemon
            bad sender | qmail, Courier
            sending domain | Apple, Cox, Yahoo
            sending ip | Apple, Comcast
            sending mta | Exchange 5.7.1
            sending server | Cloudmark, Mimecast
            from address | Domino, Gmail
            from domain | OVH, GMX
            mail from | Postfix, Exchange (rejected, domain)
            mailfrom | Vade, Proofpoint
            from header | Gmail, T-Online
            envelope sender | qmail, Exim
            purported responsible address | Microsoft Sender ID
            email address is not verified | Amazon SES
            backscatter | ServerPath, UCEPROTECT
            you are not allowed to | Exchange, Google Groups
            you are not authorized to | Exchange 5.7.1
            not authorized to send | Exchange Online 5.7.133
            only accepts messages from | Exchange Online 5.7.124
            do not have permission | Exchange 5.7.1, Google Groups
            doesn't have permission | Exchange Online
            may not have permission | Google Groups
            is restricted | Exchange Online 5.7.135
            reverse dns | Exim, AOL, Comcast, GMX
            reverse lookup | Exim, Courier
            reverse hostname | Postfix
            reverse mapping | sendmail
            rdns | AOL, Comcast
            ptr | GMX, Gmail 5.7.25, Proofpoint
            fcrdns | Cox
            cannot find your hostname | Postfix
            cannot resolve your | Yandex
            helo | Postfix, Exim
            ehlo | Exim
            client host | Postfix, Exchange
            your host | AOL, Free
            your hostname | Postfix
            your server | Yahoo, Strato
            your mail server | AT&T, Barracuda
            your domain | GMX, Zoho
            your network | Outlook.com S3140
            your ip | Outlook.com S3150, Gmail, QQ
            your isp | Outlook.com
            dynamic ip | Spamhaus PBL, Barracuda
            generic hostname | Cox, Road Runner
            from ip | Yahoo, mail.ru, Proofpoint
            ip address is | GoDaddy, Trend Micro
            ip address has | Trend Micro, Cox
            ip address * not | Exim (allowed)
            ip addresses | Microsoft
            spf | Gmail 5.7.26, Exchange 5.7.23
            dkim | Gmail 5.7.26, mail.ru, Yahoo
            dmarc | Gmail, Yahoo, Microsoft, mail.ru
            unauthenticated | Gmail 5.7.26
            not authenticated | Exchange 5.7.1
            authentication | Exchange 5.7.57, Postfix
            authenticated users | Exchange 5.7.1
            starttls | Gmail 5.7.29, Postfix
            verification failed | Exim
            spoof* | Mimecast, Exchange
            blacklist* | Exim, Barracuda, Exchange
            black list* | McAfee, GroupWise
            black-list* | SpamTitan
            blocklist* | Spamhaus, Microsoft, Proofpoint
            block list* | Outlook.com S3140
            block-list* | Kerio
            denylist* | Mimecast
            blocked | Postfix, Yahoo, Comcast, Spamhaus users
            banned sending | Exchange Online 5.7.606
            dnsbl* | Exim, GoDaddy
            rbl* | GoDaddy, Kerio
            spamhaus* | Spamhaus users
            spamcop* | SpamCop users
            sorbs* | SORBS users
            uceprotect* | UCEPROTECT users
            barracudacentral* | Barracuda
            senderscore* | Validity users
            abuseat | CBL users
            are listed in | RBL users
            listed in rbl* | RBL users
            listed in dnsbl* | RBL users
            listed at | RBL users
            listed by | RBL users
            is listed | RBL users
            address listed | RBL users
            reputation | Gmail, Cisco, McAfee, Trend Micro, Microsoft
            unsolicited | Gmail 5.7.1
            user complaints | Yahoo TSS04
            delist* | Microsoft, Proofpoint
            sc-001 | Outlook.com
            s3140 | Outlook.com
            s3150 | Outlook.com
            relay access denied | Postfix 5.7.1
            relaying denied | sendmail 5.7.1
            relay denied | Sun Messaging Server, hMailServer
            relay not permitted | Exim
            relaying not | Exchange, MDaemon (allowed)
            relaying prohibited | iPlanet
            unable to relay | Exchange 5.7.1, 5.7.54
            not permitted to relay | Exim
            not allowed to relay | IMail, Kerio
            to relay mail | qmail smtpd with validrcptto
            not a gateway | qmail
            rcpthosts | qmail 5.7.1
            administratively denied | Exim
            administrative prohibition | Exim
            refused to talk to me | Postfix
            nemesis esmtp service not available | GMX, web.de, 1&1
            no smtp service | GMX, web.de
            temporarily deferred due to | Yahoo
            access denied, | Exchange Online 5.7.606 (banned sender)
            protocol violation | Postfix postscreen
            """)

    /// About what is sent.
    static let contents =
        phrases(
            .tooBig,
            """
            too big | qmail, Domino, Gmail
            too large | Exim, Exchange
            message size | Postfix, Exchange
            maximum size | sendmail
            size limit | Postfix, AOL
            size exceeds | Postfix 5.3.4, Courier
            exceed * size | Exchange 5.3.4
            exceeds * size | sendmail 5.3.4
            exceeded * size | Gmail 5.3.4
            fixed maximum | sendmail 5.2.3
            recipsizelimit | Exchange 5.2.3
            sendsizelimit | Exchange
            """)
        + phrases(
            .content,
            """
            spam* | Gmail, Barracuda, SpamAssassin users
            virus* | amavis, Clam users
            malware | Google, Cisco
            phish* | Gmail, Mimecast
            junk mail | Hotmail, GMX
            attachment* | Gmail 5.7.0, Exchange
            content rejected | Postfix, amavis
            message content | Exim, Postfix, GroupWise
            mail content | 163, QQ
            content filter* | Postfix, Exchange
            dt:spm* | 163
            hvu:b* | AOL
            message looks like | Exim, hMailServer
            message filtered | Amazon SES receiving 5.2.0
            banned content | amavis
            security policies | AOL, Gmail
            policy reasons | Outlook.com SC-001, Yahoo
            policy restrictions | GMX, web.de, 1&1 ("mailbox unavailable" before it is not about the mailbox: RFC 5321, 4.2.2)
            """)
}
