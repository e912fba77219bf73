package dev.edgetag.demo

import android.annotation.TargetApi
import android.os.Build
import dev.edgetag.tagger.Device

/** Returns this phone; its chip is empty where Android does not say. */
fun thisDevice(): Device {
    val told = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) chip() else emptyList()
    val soc = told.filter { it != Build.UNKNOWN }.joinToString(" ")
    return Device(Build.MANUFACTURER, Build.MODEL, Build.VERSION.SDK_INT, soc)
}

@TargetApi(Build.VERSION_CODES.S)
private fun chip(): List<String> = listOf(Build.SOC_MANUFACTURER, Build.SOC_MODEL)

/** Returns one line for people. */
fun describe(device: Device): String =
    "${device.manufacturer} ${device.model}, API ${device.sdk}" + if (device.soc.isEmpty()) "" else ", ${device.soc}"
