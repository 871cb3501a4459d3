// One port of kernel_bench: a frame register, and the number of octets that were set in it when `send` last toggled.
`default_nettype none
`timescale 1ns/1ps

module kernel_bench_port #(
    parameter INDEX = 0  // this port's number
) (
    input wire clk
);
    reg [12143:0] frame        /* verilator public_flat_rw */ = {12144{1'b0}};
    reg    [15:0] frame_octets /* verilator public_flat_rw */ = 16'd0;
    reg           send         /* verilator public_flat_rw */ = 1'b0;
    reg           done         /* verilator public_flat_rw */ = 1'b0;
    reg     [7:0] first_octet  /* verilator public_flat_rw */ = 8'd0;
    reg    [31:0] index        /* verilator public_flat_rw */ = INDEX;

    always @(posedge clk) begin
        if (send != done) begin
            first_octet <= frame[7:0];
            done        <= send;
        end
    end
endmodule

`default_nettype wire
