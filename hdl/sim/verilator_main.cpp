// The main loop of a Verilator simulation under cocotb: it asks VPI only when there can be something to ask.
//
// cocotb brings a main loop of its own, which goes through every kind of VPI callback at every time step. Our benches make
// their clocks in Verilog and enter Python a few times per frame, so nearly all steps have no callback at all. Here, after
// a step without any callback, steps are only evaluated, and the watched signals compared, until one has changed or the
// time of a callback has come; then the whole protocol runs again. An idle bench of two stations is half as fast again.
//
// What makes this right: callbacks are registered by callbacks only. After a step in which none was called, what is left
// are those of watched signals, and those of a future time, of which cbNextDeadline() knows the first.
//
// Arguments: --trace [--trace-file FILE] writes waves, if the model was built for them; the rest is the model's. A model that
// was built to count coverage writes its counts at the end.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "Vtop.h"
#include "verilated.h"
#include "verilated_vpi.h"

#if VM_COVERAGE
#include "verilated_cov.h"
#endif
#if VM_TRACE_FST
#include "verilated_fst_c.h"
using Trace = VerilatedFstC;
#elif VM_TRACE
#include "verilated_vcd_c.h"
using Trace = VerilatedVcdC;
#endif

extern "C" void vlog_startup_routines_bootstrap();

namespace {

constexpr uint64_t NEVER = ~uint64_t{0};
constexpr int ALL_LEVELS = 99;

// Waves, where the model was built for them and the arguments ask for them.
class Waves {
public:
    Waves([[maybe_unused]] Vtop& top, [[maybe_unused]] int argc, [[maybe_unused]] char** argv) {
#if VM_TRACE
        bool is_wanted = false;
        std::string file = "waves";
        for (int i = 1; i < argc; ++i) {
            const std::string argument = argv[i];
            if (argument == "--trace") is_wanted = true;
            if (argument == "--trace-file" && i + 1 < argc) file = argv[++i];
        }
        Verilated::traceEverOn(true);
        if (!is_wanted) return;
        trace = std::make_unique<Trace>();
        top.trace(trace.get(), ALL_LEVELS);
        trace->open(file.c_str());
#endif
    }
    void dump() {
#if VM_TRACE
        if (trace) trace->dump(Verilated::threadContextp()->time());
#endif
    }
    void close() {
#if VM_TRACE
        if (trace) trace->close();
#endif
    }

private:
#if VM_TRACE
    std::unique_ptr<Trace> trace;
#endif
};

// Call the callbacks of watched signals until none changes any more; tell whether there was one.
bool call_value_callbacks() {
    bool any = false;
    while (VerilatedVpi::callValueCbs()) any = true;
    return any;
}

bool apply_writes() {
    VerilatedVpi::doInertialPuts();
    return call_value_callbacks();
}

bool call_callbacks(uint32_t reason) {
    const bool any = VerilatedVpi::callCbs(reason);
    return call_value_callbacks() || any;
}

// Evaluate the present time step until neither model nor callbacks have anything left to do; tell whether one was called.
bool settle(Vtop& top) {
    bool any = false;
    do {
        do {
            top.eval_step();
            VerilatedVpi::clearEvalNeeded();
            any |= apply_writes();
        } while (VerilatedVpi::evalNeeded());
        any |= VerilatedVpi::callCbs(cbReadWriteSynch);
        any |= apply_writes();
    } while (VerilatedVpi::evalNeeded());
    top.eval_end_step();
    any |= VerilatedVpi::callCbs(cbReadOnlySynch);
    return any;
}

uint64_t next_model_time(Vtop& top) { return top.eventsPending() ? top.nextTimeSlot() : NEVER; }

// Evaluate steps before `deadline` until a watched signal has changed; tell whether one has, in the step at hand.
bool run_quietly(Vtop& top, Waves& waves, uint64_t deadline) {
    for (uint64_t next = next_model_time(top); next < deadline; next = next_model_time(top)) {
        top.contextp()->time(next);
        top.eval_step();
        if (VerilatedVpi::callValueCbs()) return true;
        waves.dump();
        if (Verilated::gotFinish()) break;
    }
    return false;
}

void run(Vtop& top, Waves& waves) {
    VerilatedVpi::callCbs(cbStartOfSimulation);
    call_value_callbacks();
    bool is_busy = true;  // a callback was called in this step
    while (!Verilated::gotFinish()) {
        is_busy |= settle(top);
        waves.dump();
        const uint64_t deadline = VerilatedVpi::cbNextDeadline();
        if (!is_busy && run_quietly(top, waves, deadline)) {
            apply_writes();
            is_busy = true;
            continue;  // with the rest of that step
        }
        const uint64_t next = std::min(next_model_time(top), deadline);
        if (next == NEVER || Verilated::gotFinish()) return;
        top.contextp()->time(next);
        is_busy = call_callbacks(cbNextSimTime);
        is_busy |= call_callbacks(cbAfterDelay);
    }
}

}  // namespace

int main(int argc, char** argv) {
    Verilated::commandArgs(argc, argv);
    Verilated::fatalOnVpiError(false);  // a VPI call that fails is its caller's business
    Vtop top{""};
    Waves waves{top, argc, argv};
    vlog_startup_routines_bootstrap();
    run(top, waves);
    top.final();
    VerilatedVpi::callCbs(cbEndOfSimulation);
    waves.close();
#if VM_COVERAGE
    top.contextp()->coveragep()->write();  // to the file of +verilator+coverage+file+
#endif
    return Verilated::threadContextp()->errorCount() > 0 ? 1 : 0;
}
