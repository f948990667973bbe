package import Callbacks
internal import Domain

/// Reports as servers write them, about attempt 3 of message 42.
package struct ReportSamples {
    package let secret: TokenSecret
    package init(secret: TokenSecret) { self.secret = secret }

    package var token: String { ReturnToken(MessageID(42), attempt: 3).text(secret) }
    package var to: String { "bounce+\(token)@bounces.example.com" }

    /// A report with these recipient fields, in the frame that postfix uses.
    package func report(_ recipient: String, to: String? = nil, perMessage: String = "Reporting-MTA: dns; mx.y.test\n") -> String
    {
        """
        Return-Path: <>
        From: MAILER-DAEMON@mx.y.test (Mail Delivery System)
        To: \(to ?? self.to)
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4F1C2.1795298400/mx.y.test"

        This is a MIME-encapsulated message.

        --4F1C2.1795298400/mx.y.test
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        I'm sorry to have to inform you that your message could not be delivered.

        --4F1C2.1795298400/mx.y.test
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        \(perMessage)
        \(recipient)

        --4F1C2.1795298400/mx.y.test
        Content-Description: Undelivered Message Headers
        Content-Type: text/rfc822-headers

        From: shop@example.com
        Message-ID: <42.martlet@example.com>

        --4F1C2.1795298400/mx.y.test--

        """
    }

    /// RFC 5965, appendix B, with what is to be tried out.
    package func complaint(
        _ fields: String = "Feedback-Type: abuse\nOriginal-Rcpt-To: <b@y.test>\n", original: String = "",
        to: String = "abuse@example.com"
    ) -> String {
        """
        From: <abusedesk@y.test>
        Date: Thu, 8 Mar 2025 17:40:36 EDT
        Subject: FW: Earn money
        To: \(to)
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=feedback-report;
             boundary="part1_13d.2e68ed54_boundary"

        --part1_13d.2e68ed54_boundary
        Content-Type: text/plain; charset="US-ASCII"
        Content-Transfer-Encoding: 7bit

        This is an email abuse report for an email message received from IP 192.0.2.1.

        --part1_13d.2e68ed54_boundary
        Content-Type: message/feedback-report

        User-Agent: SomeGenerator/1.0
        Version: 1
        \(fields)
        --part1_13d.2e68ed54_boundary
        Content-Type: message/rfc822
        Content-Disposition: inline

        Received: from mailserver.example.net
        From: <shop@example.com>
        \(original)Subject: Earn money

        Spam Spam Spam \(token)
        --part1_13d.2e68ed54_boundary--

        """
    }

    package func automatic(_ header: String, type: String = "text/plain", to: String? = nil) -> String {
        """
        From: b@y.test
        To: \(to ?? self.to)
        \(header)
        Content-Type: \(type)

        I am away. Final-Recipient: rfc822; b@y.test

        """
    }
}
