"""Mails that come back, in the forms of the RFCs' own examples."""

from __future__ import annotations

SENDMAIL = """\
Date: Thu, 7 Jul 1994 17:16:05 -0400
From: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EXAMPLE>
Message-Id: <199407072116.RAA14128@CS.UTK.EXAMPLE>
Subject: Returned mail: Cannot send message for 5 days
To: <news@tidings.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
      boundary="RAA14128.773615765/CS.UTK.EXAMPLE"

--RAA14128.773615765/CS.UTK.EXAMPLE

The original message was received at Sat, 2 Jul 1994 17:10:28 -0400

--RAA14128.773615765/CS.UTK.EXAMPLE
content-type: message/delivery-status

Reporting-MTA: dns; cs.utk.example

Original-Recipient: rfc822;{address}
Final-Recipient: rfc822;{address}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 426 connection timed out
Last-Attempt-Date: Thu, 7 Jul 1994 17:15:49 -0400

--RAA14128.773615765/CS.UTK.EXAMPLE
content-type: message/rfc822

Message-ID: <{mail_id}>
To: {address}
Subject: Networks this week

Dear reader
--RAA14128.773615765/CS.UTK.EXAMPLE--
"""
"""RFC 3464, appendix E.1: a mailbox that could not be reached for five days."""

SEVERAL = """\
Date: Fri, 8 Jul 1994 09:21:47 -0400
From: Mail Delivery Subsystem <MAILER-DAEMON@CS.UTK.EXAMPLE>
Subject: Returned mail: User unknown
To: <news@tidings.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
      boundary="JAA13167.773673707/CS.UTK.EXAMPLE"

--JAA13167.773673707/CS.UTK.EXAMPLE
content-type: text/plain; charset=us-ascii

   ----- The following addresses had delivery problems -----

--JAA13167.773673707/CS.UTK.EXAMPLE
content-type: message/delivery-status

Reporting-MTA: dns; cs.utk.example

Original-Recipient: rfc822;arathib@vnet.example
Final-Recipient: rfc822;arathib@vnet.example
Action: failed
Status: 5.0.0 (permanent failure)
Diagnostic-Code: smtp;
    550 'arathib@vnet.example' is not a registered gateway user
Remote-MTA: dns; vnet.example

Original-Recipient: rfc822;johnh@hpnjld.example
Final-Recipient: rfc822;johnh@hpnjld.example
Action: delayed
Status: 4.0.0 (hpnjld.example: host name lookup failure)

Original-Recipient: rfc822;wsnell@sdcc13.example
Final-Recipient: rfc822;wsnell@sdcc13.example
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp; 550 user unknown

--JAA13167.773673707/CS.UTK.EXAMPLE
content-type: text/rfc822-headers

Message-ID: <{mail_id}>
Subject: Networks this week
--JAA13167.773673707/CS.UTK.EXAMPLE--
"""
"""RFC 3464, appendix E.2: several recipients, each with a fate of its own, and the headers alone."""

COMPLAINT = """\
From: <abusedesk@provider.example>
Date: Thu, 8 Mar 2005 17:40:36 EDT
Subject: FW: Networks this week
To: <news@tidings.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report;
     boundary="part1_13d.2e68ed54_boundary"

--part1_13d.2e68ed54_boundary
Content-Type: text/plain; charset="US-ASCII"
Content-Transfer-Encoding: 7bit

This is an email abuse report for an email message received from IP
192.0.2.1 on Thu, 8 Mar 2005 14:00:00 EDT.

--part1_13d.2e68ed54_boundary
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <news@tidings.example>
Original-Rcpt-To: <{address}>
Arrival-Date: Thu, 8 Mar 2005 14:00:00 EDT
Source-IP: 192.0.2.1

--part1_13d.2e68ed54_boundary
Content-Type: message/rfc822
Content-Disposition: inline

From: <news@tidings.example>
Message-ID: <{mail_id}>
To: <{address}>
Subject: Networks this week

Dear reader
--part1_13d.2e68ed54_boundary--
"""
"""RFC 5965, appendix B.2: a reader pressed "this is spam"."""

MINIMAL = COMPLAINT.replace("User-Agent: SomeGenerator/1.0\n", "").replace("Original-Rcpt-To: <{address}>\n", "")
"""RFC 5965, appendix B.1: the fewest fields; the recipient stands in the mail alone."""


def made(form: str, **values: str) -> bytes:
    """One of them, filled in, with the line ends of the wire."""
    named = {"address": "ann@people.example", "status": "4.4.7", "mail_id": "a.b@tidings.example", "kind": "abuse"}
    return form.format(**{**named, **values}).replace("\n", "\r\n").encode()
