// One step of the CRC-32 by a whole octet, low bit first: two steps of crc32_nibble. Combinational.
//
// The same CRC as that of the FCS (IEEE Std 802.3-2022 3.2.9); the board link puts it over header and payload. Preset the
// register to all ones; the octets that follow the data are the complement, low octet first. After data and their good
// CRC the register holds 0xDEBB20E3.
`default_nettype none
`timescale 1ns/1ps

module crc32_octet (
    input  wire [31:0] crc,
    input  wire [7:0]  octet,
    output wire [31:0] next
);
    wire [31:0] half;

    crc32_nibble low (.crc(crc), .nibble(octet[3:0]), .next(half));
    crc32_nibble high (.crc(half), .nibble(octet[7:4]), .next(next));
endmodule
