"""The message itself, as bytes: headers by byte range, our Received line, error mails.

    headers          cut the header block off a stream; fields, find, unfold
    addresses        the addr-specs of an address field, by byte range
    line_length      lines of a rewritten field, folded where they get too long
    received         our Received line, dates, hop count
    notice           the error mail, of each kind: `NoticeFacts` in, bytes out (RFC 3464)
    notice_facts     what an error mail is made of
    notice_text      its part for a person
    delivery_status  its part for a program
    seven_bit        8-bit content made 7-bit, for a hop without 8BITMIME
    entity           one MIME entity, as its header block tells it
    content_type     type and boundary
    part_lines       a body cut where parts may begin or end
    quoted_printable the encoding, for content in chunks
    mime/            structure as byte ranges, names, types, surgery (its own contents there)
    line_view        content read by offset, CRLF as LF
    words            encoded words, text made safe to show
    html/            weeding of text/html

All pure.  It may import `relay.smtp` and `spooltool.spool`.
"""
