"""What each named counter of the stack counts; a test keeps this table equal to the names that the stack uses.

A counter marked as a drop says that something received, or something to be sent, ended there.
"""

from __future__ import annotations

LAYERS = {
    "ethernet_": "Ethernet",
    "arp_": "ARP",
    "interface_": "Interface",
    "ip_": "IP",
    "icmp_": "ICMP",
    "udp_": "UDP",
    "tcp_": "TCP",
}
"""Prefix of a name, and the layer it belongs to, from the wire upwards."""

DROPS = {
    "arp_address_conflict": "ARP packets that claim our own address",
    "arp_bad_sender": "ARP packets from a group or loopback address, replies from nobody or from ourselves",
    "arp_held_packet_dropped": "packets that waited for an address and had to go for newer ones",
    "arp_malformed": "ARP packets of another kind or too short",
    "arp_not_for_us": "ARP packets with another target; their sender is noted all the same where it is known",
    "ethernet_not_for_us": "frames to another station",
    "ethernet_own_frame": "frames with our own source address",
    "ethernet_too_short": "frames shorter than their header",
    "ethernet_unknown_type": "frames that carry neither IPv4 nor ARP",
    "icmp_broadcast_echo_ignored": "echo requests to a broadcast address",
    "icmp_echo_reply_unexpected": "echo replies that no socket waits for",
    "icmp_error_not_ours": "ICMP errors about nothing that we have open",
    "icmp_error_rate_limited": "ICMP errors not sent: too many in this second",
    "icmp_error_suppressed": "ICMP errors not sent: the rules forbid one here",
    "icmp_malformed": "ICMP messages cut short or with a wrong checksum",
    "icmp_no_route": "ICMP messages not sent: no route back",
    "icmp_receive_queue_full": "echo replies that an echo socket had no room for",
    "icmp_redirect_ignored": "redirects not from the first hop, or to nowhere on this link",
    "icmp_source_quench": "source quench messages, which mean nothing any more (RFC 6633)",
    "icmp_unknown_type": "ICMP messages of another type",
    "interface_transmit_queue_full": "packets to be sent that found the interface's queue full",
    "ip_bad_fragment": "fragments beyond 65535 octets, empty, or not a multiple of 8",
    "ip_bad_header": "packets with a wrong checksum or impossible lengths",
    "ip_bad_source": "packets from a group, broadcast or our own address",
    "ip_bad_version": "packets of another IP version",
    "ip_directed_broadcast_dropped": "packets to be forwarded to a network's broadcast address",
    "ip_duplicate_fragment": "fragments that came again",
    "ip_fragmentation_needed": "packets to be forwarded that are too large and must not be cut",
    "ip_no_route_to_forward": "packets to be forwarded with no route",
    "ip_not_for_us": "packets to another host, while this one is no router",
    "ip_not_forwardable": "packets to be forwarded to a group or loopback address",
    "ip_overlapping_fragment": "datagrams given up because fragments overlap (RFC 5722)",
    "ip_reassembly_full": "unfinished datagrams given up for newer ones",
    "ip_reassembly_timeout": "unfinished datagrams given up by age",
    "ip_ttl_exceeded": "packets to be forwarded whose time to live was over",
    "ip_unicast_in_broadcast_frame": "packets to our address in a broadcast frame",
    "ip_unknown_protocol": "packets of a protocol that nothing here speaks",
    "tcp_accept_queue_full": "SYNs to a socket whose connections nobody accepts",
    "tcp_ack_in_listen": "acknowledgements to a listening socket, answered by a reset",
    "tcp_bad_ack": "segments that acknowledge what is too old or was never sent",
    "tcp_bad_ack_in_syn_received": "segments that acknowledge something else than our SYN",
    "tcp_bad_ack_in_syn_sent": "answers to our SYN that acknowledge something else",
    "tcp_bad_checksum": "segments with a wrong checksum",
    "tcp_challenge_ack_rate_limited": "challenge acknowledgements not sent: too many in this second",
    "tcp_connection_limit": "attempts to connect, theirs and ours, while the stack had its limit of connections",
    "tcp_icmp_error_not_in_flight": "ICMP errors about nothing that is under way",
    "tcp_malformed": "segments cut short",
    "tcp_no_ack": "segments without ACK on an open connection",
    "tcp_no_port": "segments to a port where nobody listens",
    "tcp_no_route": "segments that cannot be answered: no route back",
    "tcp_no_syn_in_listen": "segments with neither SYN nor ACK to a listening socket",
    "tcp_no_syn_in_syn_sent": "answers to our SYN without one",
    "tcp_no_timestamp": "segments without the time stamp that was agreed on",
    "tcp_out_of_order_queue_full": "segments ahead of a hole that the queue had no room for",
    "tcp_paws_dropped": "segments with a time stamp older than the last",
    "tcp_rst_ignored": "resets that match nothing or are out of the window",
    "tcp_sack_ranges_full": "acknowledgements that report more separate ranges than are believed",
    "tcp_syn_in_syn_received": "SYNs inside the window before the connection was open",
    "tcp_syn_queue_full": "SYNs that found the queue of half-open connections full",
    "tcp_text_after_fin": "data, or another FIN, after the peer's own end of stream",
    "tcp_text_on_syn_ignored": "data and FIN on a SYN, which come again",
    "tcp_to_broadcast": "segments to a broadcast address",
    "tcp_unacceptable": "segments outside the window",
    "udp_malformed": "datagrams cut short or with a wrong checksum",
    "udp_no_port": "datagrams to a port that no socket has",
    "udp_not_from_peer": "datagrams to a connected socket from somebody else",
    "udp_receive_queue_full": "datagrams that a socket had no room for",
}

EVENTS = {
    "arp_cache_full": "neighbours forgotten for newer ones",
    "arp_replies_sent": "",
    "arp_requests_sent": "",
    "arp_resolution_failed": "neighbours that never answered",
    "icmp_echo_replies_sent": "",
    "icmp_errors_sent": "",
    "icmp_redirect_followed": "",
    "ip_datagrams_reassembled": "",
    "ip_forwarded": "",
    "ip_path_mtu_cache_full": "path MTUs forgotten for newer ones",
    "tcp_challenge_acks_sent": "RFC 5961",
    "tcp_connections_refused": "connections that the peer refused",
    "tcp_connections_timed_out": "connections given up after silence",
    "tcp_keepalive_probes_sent": "",
    "tcp_orphans_timed_out": "closed connections whose peer never ended its side",
    "tcp_path_mtu_lowered": "",
    "tcp_r1_reached": "connections that doubt their route (RFC 9293, 3.8.3)",
    "tcp_reset_data_after_close": "connections reset because data came after close()",
    "tcp_reset_unread_data": "connections reset because close() left data unread",
    "tcp_resets_received": "",
    "tcp_resets_sent": "",
    "tcp_segments_received": "",
    "tcp_segments_retransmitted": "",
    "tcp_segments_sent": "",
    "tcp_soft_errors": "ICMP errors that were only noted",
    "tcp_syn_cookies_accepted": "",
    "tcp_syn_cookies_sent": "",
}


def is_drop(name: str) -> bool:
    """Tell whether the counter counts something that was discarded."""
    return name in DROPS


def meaning(name: str) -> str:
    """Return what a counter counts, or nothing where its name says it all."""
    return DROPS.get(name) or EVENTS.get(name, "")
