// Control and configuration: the address decoder, the bits that hardware needs all the time, and what reads differently
// from what was written.
//
// Map: rig/adapter/regmap.yaml. Clock clk_bus; rst (power-on and soft reset) gives the reset values; rst_path holds
// the seed toggle. The register file keeps what is written to be read back; here are copies.
// A write takes effect at the edge with execute_write. live_data is loaded at the edge with slot_bus and holds what
// registers that are no storage, and the ROM, were before it; 0 elsewhere and in reset. mapped, writable and refused are
// combinational from the address: of registers, ROM and transmit slots. What other modules keep (interrupts, slots, MDIO,
// PAUSE request, RX_CURR) they hand in to be read.
// Parameters: as built.
`default_nettype none
`timescale 1ns/1ps

module nic_registers #(
    parameter BUFFER_PAGES = 64,
    parameter TX_SLOTS     = 4
) (
    input  wire         clk_bus,
    input  wire         rst,
    input  wire         rst_path,
    input  wire         slot_bus,
    // Access
    input  wire         execute_write,
    input  wire [14:2]  address,
    input  wire [31:0]  write_data,
    output wire         mapped,
    output wire         writable,
    output wire         refused,
    output reg  [31:0]  live_data,
    // Writes to what is kept elsewhere (pulses)
    output wire         register_write,   // any, but to a transmit slot
    output wire         mdio_write,
    output wire         inject_write,
    output wire         pause_send,
    output wire         refuse_rx_en,     // a write to CTRL is to leave RX_EN 0
    // Kept elsewhere
    input  wire [255:0] rom_image,
    input  wire [7:0]   status,
    input  wire [7:0]   interrupt_status,
    input  wire         slot_send,        // TX_COMMAND.SEND of the slot that is addressed
    input  wire [31:0]  mdio_data,        // BUSY, NO_ANSWER, DATA
    input  wire         pause_sending,
    input  wire [7:0]   rx_curr,
    input  wire [4:0]   inject_level,
    input  wire         inject_ready,
    // What the driver did wrong (pulses)
    input  wire         error_tx_length,
    input  wire         error_busy_slot,
    // Configuration
    output wire         soft_reset,       // at the execute edge
    output reg  [10:0]  ctrl,             // CTRL bits 10..0
    output reg          full_duplex,      // FULL_DUPLEX or LOOPBACK
    output wire         rx_load,          // RX_EN goes from 0 to 1 at this edge
    output reg  [5:0]   gap_part1_nibbles,
    output reg  [5:0]   gap_part2_nibbles,
    output reg  [4:0]   attempt_limit,
    output reg  [3:0]   backoff_limit,
    output reg  [7:0]   slot_nibbles,
    output reg  [5:0]   jam_nibbles,
    output reg  [31:0]  seed,             // never 0
    output reg          seed_toggle,
    output reg  [47:0]  mac_address,      // octet 0 in bits 7..0
    output reg  [63:0]  multicast_hash,
    output reg  [4:0]   rx_cfg,           // RX_CFG bits 4..0
    output reg  [10:0]  frame_spare,      // 2047 - MAX_FRAME: its sum with more octets than MAX_FRAME has a carry
    output reg  [7:0]   rx_start,
    output reg  [7:0]   rx_stop,
    output reg  [7:0]   rx_bnry,
    output reg  [16:0]  pause_cfg         // RX_ENABLE, QUANTA
);
`include "nic_regmap.vh"
    localparam [8:0] PAGES = BUFFER_PAGES;
    localparam [3:0] SLOTS = TX_SLOTS;
    localparam [4:0] LAST  = REG_ERROR[6:2];

    reg [2:0] error;

    // Decoder
    wire [4:0] word         = address[6:2];
    wire       in_registers = address[14:7] == REG_ID[14:7] && word <= LAST;
    wire       in_slots     = address[14:6] == REG_TX_PAGE[14:6] && {2'b00, address[5:4]} < SLOTS;
    wire       in_rom       = address[14:5] == WIN_ROM[14:5];
    reg        read_only;
    always @*
        case (word)
            REG_ID[6:2], REG_CAPS[6:2], REG_MAP_HASH[6:2], REG_BUS_HZ[6:2], REG_STATUS[6:2], REG_RX_CURR[6:2],
            REG_TIME_LO[6:2], REG_TIME_HI[6:2]: read_only = 1'b1;
            default: read_only = 1'b0;
        endcase

    wire at_inject = in_registers && word == REG_BACKOFF_INJECT[6:2];

    assign mapped         = in_registers || in_slots || in_rom;
    assign writable       = in_registers ? !read_only : in_slots && address[3:2] != REG_TX_STATUS[3:2];
    assign refused        = at_inject && !inject_ready;
    assign register_write = execute_write && !address[7];  // what is not mapped is not executed

    // An impossible ring leaves the receiver off.
    wire       ctrl_write = register_write && word == REG_CTRL[6:2];
    wire       rx_raise   = write_data[CTRL_RX_EN_LSB] && !ctrl[CTRL_RX_EN_LSB];
    wire [7:0] ring_pages = {1'b0, rx_stop[6:0]} - {2'b00, rx_start[5:0]};  // if both are within the buffer
    wire       ring_good  = !ring_pages[7] && ring_pages >= 8'd2 && {1'b0, rx_stop} <= PAGES && rx_start[7:6] == 2'b00;

    assign soft_reset   = ctrl_write && write_data[CTRL_SOFT_RESET_LSB];
    assign refuse_rx_en = rx_raise && !ring_good;
    assign rx_load      = ctrl_write && rx_raise && ring_good;
    assign inject_write = register_write && word == REG_BACKOFF_INJECT[6:2];
    assign mdio_write   = register_write && word == REG_MDIO[6:2];
    assign pause_send   = register_write && word == REG_PAUSE_CFG[6:2] && write_data[PAUSE_CFG_SEND_LSB]
                          && ctrl[CTRL_FULL_DUPLEX_LSB];

    // Read
    wire [31:0] rom_data;
    mac_rom rom (.image(rom_image), .word(address[4:2]), .read_data(rom_data));

    reg [31:0] live;
    always @* begin
        live = 32'd0;
        if (in_registers) case (word)
            REG_STATUS[6:2]:         live[7:0] = status;
            REG_INT_STATUS[6:2]:     live[7:0] = interrupt_status;
            REG_BACKOFF_INJECT[6:2]: live[4:0] = inject_level;
            REG_RX_CURR[6:2]:        live[7:0] = rx_curr;
            REG_PAUSE_CFG[6:2]:      live[PAUSE_CFG_SEND_LSB] = pause_sending;
            REG_MDIO[6:2]:           live      = mdio_data;
            REG_ERROR[6:2]:          live[2:0] = error;
            default: ;
        endcase
        else if (in_slots) live[TX_COMMAND_SEND_LSB] = slot_send && address[3:2] == REG_TX_COMMAND[3:2];
        else if (in_rom) live = rom_data;
    end

    always @(posedge clk_bus) begin
        if (slot_bus) live_data <= live;
        if (rst) live_data <= 32'd0;
    end

    // Write. A MAC on an MII counts nibbles: the two low bits of a number of bit times fall away.
    always @(posedge clk_bus) begin
        if (register_write) case (word)
            REG_CTRL[6:2]: begin
                ctrl        <= write_data[10:0];
                full_duplex <= write_data[CTRL_FULL_DUPLEX_LSB] || write_data[CTRL_LOOPBACK_LSB];
                if (refuse_rx_en) ctrl[CTRL_RX_EN_LSB] <= 1'b0;
            end
            REG_IPG[6:2]: begin
                gap_part1_nibbles <= write_data[IPG_PART1_LSB + 2 +: IPG_PART1_WIDTH - 2];
                gap_part2_nibbles <= write_data[IPG_PART2_LSB + 2 +: IPG_PART2_WIDTH - 2];
            end
            REG_COLLISION_CFG[6:2]: begin
                attempt_limit <= write_data[COLLISION_CFG_ATTEMPT_LIMIT_LSB +: COLLISION_CFG_ATTEMPT_LIMIT_WIDTH];
                backoff_limit <= write_data[COLLISION_CFG_BACKOFF_LIMIT_LSB +: COLLISION_CFG_BACKOFF_LIMIT_WIDTH];
                slot_nibbles  <= write_data[COLLISION_CFG_SLOT_TIME_LSB + 2 +: COLLISION_CFG_SLOT_TIME_WIDTH - 2];
                jam_nibbles   <= write_data[COLLISION_CFG_JAM_SIZE_LSB + 2 +: COLLISION_CFG_JAM_SIZE_WIDTH - 2];
            end
            REG_BACKOFF_SEED[6:2]: begin
                seed        <= {write_data[31:1], write_data[0] || write_data == 32'd0};
                seed_toggle <= !seed_toggle;
            end
            REG_MAC_ADDR_LO[6:2]: mac_address[31:0]     <= write_data;
            REG_MAC_ADDR_HI[6:2]: mac_address[47:32]    <= write_data[15:0];
            REG_MHASH_LO[6:2]:    multicast_hash[31:0]  <= write_data;
            REG_MHASH_HI[6:2]:    multicast_hash[63:32] <= write_data;
            REG_RX_CFG[6:2]: begin
                rx_cfg    <= write_data[4:0];
                frame_spare <= ~write_data[RX_CFG_MAX_FRAME_LSB +: RX_CFG_MAX_FRAME_WIDTH];
            end
            REG_RX_START[6:2]:  rx_start  <= write_data[7:0];
            REG_RX_STOP[6:2]:   rx_stop   <= write_data[7:0];
            REG_RX_BNRY[6:2]:   rx_bnry   <= write_data[7:0];
            REG_PAUSE_CFG[6:2]: pause_cfg <= write_data[16:0];
            REG_ERROR[6:2]:     error     <= error & ~write_data[2:0];
            default: ;
        endcase
        if (error_tx_length)            error[ERROR_TX_LENGTH_LSB]    <= 1'b1;
        if (ctrl_write && refuse_rx_en) error[ERROR_RING_CONFIG_LSB]  <= 1'b1;
        if (error_busy_slot)            error[ERROR_TX_BUSY_SLOT_LSB] <= 1'b1;
        if (rst) begin
            ctrl              <= CTRL_RESET[10:0];
            full_duplex       <= 1'b0;
            gap_part1_nibbles <= IPG_RESET[IPG_PART1_LSB + 2 +: IPG_PART1_WIDTH - 2];
            gap_part2_nibbles <= IPG_RESET[IPG_PART2_LSB + 2 +: IPG_PART2_WIDTH - 2];
            attempt_limit     <= COLLISION_CFG_RESET[COLLISION_CFG_ATTEMPT_LIMIT_LSB +: COLLISION_CFG_ATTEMPT_LIMIT_WIDTH];
            backoff_limit     <= COLLISION_CFG_RESET[COLLISION_CFG_BACKOFF_LIMIT_LSB +: COLLISION_CFG_BACKOFF_LIMIT_WIDTH];
            slot_nibbles      <= COLLISION_CFG_RESET[COLLISION_CFG_SLOT_TIME_LSB + 2 +: COLLISION_CFG_SLOT_TIME_WIDTH - 2];
            jam_nibbles       <= COLLISION_CFG_RESET[COLLISION_CFG_JAM_SIZE_LSB + 2 +: COLLISION_CFG_JAM_SIZE_WIDTH - 2];
            seed              <= 32'd1;
            mac_address       <= 48'd0;
            multicast_hash    <= 64'd0;
            rx_cfg            <= RX_CFG_RESET[4:0];
            frame_spare       <= ~RX_CFG_RESET[RX_CFG_MAX_FRAME_LSB +: RX_CFG_MAX_FRAME_WIDTH];
            rx_start          <= 8'd0;
            rx_stop           <= 8'd0;
            rx_bnry           <= 8'd0;
            pause_cfg         <= 17'd0;
            error             <= 3'd0;
        end
        if (rst_path) seed_toggle <= 1'b0;
    end
endmodule
