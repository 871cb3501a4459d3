// The MAC-address ROM window: eight words selected from an image that the board gives.
//
// Combinational; image is constant, octet 0 in bits 7..0. Contents: see the ROM window of the register map.
// Not done here: checking the check value (the driver does).
`default_nettype none
`timescale 1ns/1ps

module mac_rom (
    input  wire [255:0] image,
    input  wire [2:0]   word,
    output wire [31:0]  read_data
);
    assign read_data = image[{word, 5'd0} +: 32];
endmodule
