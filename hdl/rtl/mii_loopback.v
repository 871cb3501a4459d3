// MAC loopback: between the MAC and the pins of the MII, sends what the MAC transmits to its own receiver instead.
//
// Clocks clk_tx and clk_rx with their resets; `loopback` comes from the bus domain and passes a synchroniser on each
// side, so that a reset of the register cannot let a frame out before it stops the MAC. Without loopback everything
// passes through, combinational.
// With it the outputs of the MII stay low, and a FIFO of 16 entries carries {TX_EN, TX_ER, TXD} to clk_rx: one
// entry an edge while TX_EN is high, and one after it. Reading starts two edges after the first entry is seen,
// which lets the two clocks drift by more than a nibble during a frame.
// Not done here: carrier sense and collision, which do not exist in loopback (mac_mii).
`default_nettype none
`timescale 1ns/1ps

module mii_loopback (
    input  wire       loopback,
    // MAC
    input  wire       clk_tx,
    input  wire       rst_tx,
    input  wire [3:0] mac_txd,
    input  wire       mac_tx_en,
    input  wire       mac_tx_er,
    input  wire       clk_rx,
    input  wire       rst_rx,
    output wire [3:0] mac_rxd,
    output wire       mac_rx_dv,
    output wire       mac_rx_er,
    // Pins
    output wire [3:0] mii_txd,
    output wire       mii_tx_en,
    output wire       mii_tx_er,
    input  wire [3:0] mii_rxd,
    input  wire       mii_rx_dv,
    input  wire       mii_rx_er
);
    localparam DEPTH_BITS = 4;

    reg        was_transmitting;
    reg  [1:0] waited;  // edges with an entry waiting, up to two
    wire [5:0] entry;
    wire       entry_valid, unused_ready;
    wire [DEPTH_BITS:0] unused_level;
    wire       reading = waited[1];

    wire loopback_tx, loopback_rx;
    sync_2ff cross_loopback_tx (.clk(clk_tx), .d(loopback), .q(loopback_tx));
    sync_2ff cross_loopback_rx (.clk(clk_rx), .d(loopback), .q(loopback_rx));

    reg hides;  // the pins; changes at the edge at which a reset that ends loopback stops the MAC too
    always @(posedge clk_tx) hides <= loopback_tx;

    always @(posedge clk_tx) was_transmitting <= mac_tx_en && !rst_tx;

    async_fifo #(.WIDTH(6), .ADDRESS_BITS(DEPTH_BITS)) fifo (
        .clk_write(clk_tx), .rst_write(rst_tx), .write_data({mac_tx_en, mac_tx_er, mac_txd}),
        .write_valid(loopback_tx && (mac_tx_en || was_transmitting)), .write_ready(unused_ready), .write_level(unused_level),
        .clk_read(clk_rx), .rst_read(rst_rx), .read_data(entry), .read_valid(entry_valid), .read_ready(reading)
    );

    // An entry with TX_EN low ends the frame and the reading.
    always @(posedge clk_rx) begin
        if (!entry_valid || (reading && !entry[5])) waited <= 2'd0;
        else if (!reading) waited <= {waited[0], 1'b1};
        if (rst_rx) waited <= 2'd0;
    end

    assign mac_rx_dv = loopback_rx ? reading && entry_valid && entry[5] : mii_rx_dv;
    assign mac_rx_er = loopback_rx ? entry[4] : mii_rx_er;
    assign mac_rxd   = loopback_rx ? entry[3:0] : mii_rxd;

    assign mii_tx_en = mac_tx_en && !hides;
    assign mii_tx_er = mac_tx_er && !hides;
    assign mii_txd   = mac_txd & {4{!hides}};
endmodule
