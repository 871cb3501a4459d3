// One step of the CRC-32 of the FCS by four bits, low bit (first on the wire) first. Combinational.
//
// IEEE Std 802.3-2022 3.2.9, polynomial 0x04C11DB7, here in the reflected form: preset the register to all ones,
// feed the frame from the destination address on, send the complement starting with bit 0. After a frame with its
// good FCS the register holds 0xDEBB20E3. Feeding crc[3:0] itself shifts the register by four, which is how the FCS
// is sent.
`default_nettype none
`timescale 1ns/1ps

module crc32_nibble (
    input  wire [31:0] crc,
    input  wire [3:0]  nibble,
    output wire [31:0] next
);
    // What a 1 in each bit that leaves the register adds to it: the reflected polynomial, shifted by 3, 2, 1 and 0 steps.
    localparam [31:0] BIT0 = 32'h1DB71064;
    localparam [31:0] BIT1 = 32'h3B6E20C8;
    localparam [31:0] BIT2 = 32'h76DC4190;
    localparam [31:0] BIT3 = 32'hEDB88320;

    wire [3:0] leaving = crc[3:0] ^ nibble;

    assign next = {4'b0, crc[31:4]}
                ^ ({32{leaving[0]}} & BIT0)
                ^ ({32{leaving[1]}} & BIT1)
                ^ ({32{leaving[2]}} & BIT2)
                ^ ({32{leaving[3]}} & BIT3);
endmodule
